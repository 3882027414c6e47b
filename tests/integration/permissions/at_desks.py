"""What the functions do that write records: register, claim, wait, finish, cancel, reconcile."""

import json
from datetime import timedelta

from functions.shared.job_rows import NEVER_STARTED
from tests.integration.listening import drained
from tests.integration.permissions.world import World, now, unique
from tests.polling import until


def register_job(world: World) -> None:
    job_id, jobs = unique("job"), world.stack.client.jobs
    message = {"messageId": unique("m"), "body": json.dumps(world.request(job_id=job_id))}
    (started,) = world.call("RegisterJob", [message])
    assert started["job_id"] == job_id
    jobs.fail(job_id, None, NEVER_STARTED, now())
    assert len(world.call("RegisterJob", [message])) == 1


def claim_job(world: World) -> None:
    event = {
        "input": world.request(),
        "execution_arn": world.arn(),
        "execution_name": unique("name"),
        "redrives": 0,
    }
    assert world.call("ClaimJob", event)["claimed"] is True


def request_turn(world: World) -> None:
    job = world.claimed()
    event = {"job_id": job.job_id, "execution_arn": job.arn, "token": world.dead_token}
    world.call("RequestTurn", event)
    # It was granted, and taken back as nobody heard.
    assert (world.turn(job).state, world.turn(job).epoch) == ("WAITING", 1)


def finish_job(world: World) -> None:
    job, jobs = world.running(), world.stack.client.jobs
    following = world.waiting(job.request)
    ended = {"job_id": job.job_id, "execution_arn": job.arn}
    complete = {**ended, "status": "COMPLETE", "result_key": world.keys.result}
    assert world.call("FinishJob", complete)["status"] == "COMPLETE"
    assert world.turn(following).epoch == 1

    failed = {"execution_arn": following.arn, "job_id": following.job_id, "status": "FAILED"}
    assert world.call("FinishJob", failed)["status"] == "FAILED"
    assert "cost" in (jobs.get(following.job_id) or {})

    name = unique("never-claimed")
    unknown = {"status": "FAILED", "execution_arn": world.arn(), "execution_name": name}
    asked = {**world.request(), "job_id": name}
    assert world.call("FinishJob", {**unknown, "input": asked})["status"] == "FAILED"
    _fail_for_good(world)


def _fail_for_good(world: World) -> None:
    """Of an event that cannot be handled a note is kept."""
    lambdas, sqs = world.stack.client.functions, world.stack.service("sqs")
    name = world.stack.function("FinishJob")
    about = {"FunctionName": name, "Qualifier": "$LATEST"}
    config = lambdas.get_function_event_invoke_config(**about)
    kept = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    before = {setting: config[setting] for setting in kept}
    missed = before["DestinationConfig"]["OnFailure"]["Destination"].rpartition(":")[2]
    url = sqs.get_queue_url(QueueName=missed)["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    lambdas.put_function_event_invoke_config(**about, **{**before, "MaximumRetryAttempts": 0})
    try:
        lambdas.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"status": "odd"}')
        until(lambda: drained(sqs, url) or None, "what could not be done", world.patience_s)
    finally:
        lambdas.put_function_event_invoke_config(**about, **before)


def cancel_job(world: World) -> None:
    job = world.running()
    following = world.waiting(job.request)
    assert world.call("CancelJob", {"job_id": job.job_id})["status"] == "CANCELLED"
    assert world.turn(following).epoch == 1


def reconcile_jobs(world: World) -> None:
    jobs, sqs = world.stack.client.jobs, world.stack.service("sqs")
    letters = world.stack.client.outputs["DeadLetterQueueUrl"]
    sqs.purge_queue(QueueUrl=letters)
    lost = unique("job")
    sqs.send_message(
        QueueUrl=letters,
        MessageBody=json.dumps(world.request(job_id=lost)),
        MessageGroupId="any",
        MessageDeduplicationId=lost,
    )
    forgotten = world.registered(world.request(), now() - timedelta(days=1))
    untold, gone, cancelled = world.waiting(), world.running(), world.running()
    jobs.request_cancel(cancelled.job_id, now())
    world.call("ReconcileJobs", {})
    for job_id in (lost, forgotten, gone.job_id):
        assert (jobs.get(job_id) or {}).get("status") == "FAILED"
    assert (jobs.get(cancelled.job_id) or {}).get("status") == "CANCELLED"
    assert world.call("ReconcileJobs", {}) == {"mended": 0, "never_started": 0}
    assert (jobs.get(untold.job_id) or {}).get("status") == "FAILED"
    assert len(sqs.receive_message(QueueUrl=letters)["Messages"]) == 1
