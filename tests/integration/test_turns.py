"""Jobs finish in order, under a ceiling, once, and can be cancelled at any point."""

import json
from itertools import pairwise
from typing import Any

import pytest

from functions.shared.errors import CancelRefused
from functions.shared.media_store import Keys
from tests.integration.changes import ceiling, invoke, is_, reconcile, reserved, turns_of, uncalled
from tests.integration.conftest import Deployed
from tests.integration.jobs import PICTURE
from tests.integration.log_lines import lines_of
from tests.metric_lines import metrics_in
from tests.polling import until

SMALL = {"outputs": [{"name": "small", "height": 90, "video": {"preset": "ultrafast"}}]}
SLOW = {"outputs": [{"name": "slow", "height": 360, "video": {"preset": "slow"}}]}


def sent(stack: Deployed, source: str, count: int, **more: Any) -> list[str]:
    request = {"source": source, "render": SMALL, **more}
    return [stack.client.submit(request) for _ in range(count)]


@pytest.mark.aws("sqs-order")
def test_jobs_of_one_key_end_in_the_order_they_were_sent(
    stack: Deployed, clip: str, key: str
) -> None:
    # The first is the slowest: whoever overtakes it would be seen.
    first = stack.client.submit({"source": clip, "render": SLOW, "order_key": key})
    ids = [first, *sent(stack, clip, 3, order_key=key)]
    jobs = [stack.wait(job_id, 200) for job_id in ids]
    assert [job["status"] for job in jobs] == ["COMPLETE"] * 4
    assert [int(job["sequence"]) for job in jobs] == [1, 2, 3, 4]
    for before, after in pairwise(jobs):
        assert before["finished_at"] <= after["started_at"] < after["finished_at"]
    assert turns_of(stack, *ids) == []


def test_a_failed_job_does_not_block_its_key(stack: Deployed, clip: str, key: str) -> None:
    missing = f"s3://{stack.client.store.bucket}/uploads/none.mp4"
    (bad,) = sent(stack, missing, 1, order_key=key)
    (good,) = sent(stack, clip, 1, order_key=key)
    assert stack.wait(bad)["status"] == "FAILED"
    assert stack.wait(good)["status"] == "COMPLETE"


def test_no_more_jobs_render_than_the_ceiling_allows(stack: Deployed, clip: str) -> None:
    most = 0
    with ceiling(stack, 2):
        ids = sent(stack, clip, 6)

        def look() -> bool | None:
            nonlocal most
            rows = [stack.client.job(job_id) or {"status": "SENT"} for job_id in ids]
            running = sum(row["status"] == "RUNNING" for row in rows)
            most = max(most, running)
            assert running <= 2
            assert stack.client.jobs.turns.granted() <= 2
            return True if all(stack.ended(job_id) for job_id in ids) else None

        until(look, "six jobs to end", 200)
    assert most == 2
    assert {stack.wait(job_id)["status"] for job_id in ids} == {"COMPLETE"}
    assert stack.client.jobs.turns.granted() == 0


def test_a_ceiling_that_is_raised_while_jobs_wait_is_used(
    stack: Deployed, clip: str, key: str
) -> None:
    with reserved(stack, "RenderChunk", 0):
        with ceiling(stack, 1):
            (held,) = sent(stack, clip, 1, order_key=key)
            until(is_(stack, held, "RUNNING"), "the first to run", 60)
            other = stack.client.submit({"source": clip, **PICTURE})
            until(is_(stack, other, "WAITING"), "the other to wait", 30)
        reconcile(stack)
        assert stack.wait(other, 120)["status"] == "COMPLETE"
        assert is_(stack, held, "RUNNING")()
    assert stack.wait(held, 200)["status"] == "COMPLETE"


def test_a_running_and_a_waiting_job_are_cancelled_and_the_next_goes_on(
    stack: Deployed, clip: str, key: str
) -> None:
    slow = {"outputs": [{"name": "slow", "height": 360, "video": {"preset": "veryslow"}}]}
    request = {"source": clip, "render": slow, "chunk_s": 1.3, "order_key": key, "max_parallel": 1}
    running = stack.client.submit(request)
    waiting, last = sent(stack, clip, 2, order_key=key)
    until(lambda: next(stack.client.parts(running), None), "the first part", 60)
    until(is_(stack, waiting, "WAITING"), "the second to wait", 30)
    arns = [stack.client.job(job_id)["execution_arn"] for job_id in (running, waiting)]  # type: ignore[index]

    assert stack.client.cancel(waiting) == "CANCELLED"
    assert stack.client.cancel(running) == "CANCELLED"

    assert stack.client.cancel(running) == "CANCELLED"
    assert [stack.execution(arn)["status"] for arn in arns] == ["ABORTED"] * 2
    assert stack.wait(last)["status"] == "COMPLETE"
    for job_id in (running, waiting):
        job = stack.wait(job_id)
        assert (job["status"], job["error"]["name"]) == ("CANCELLED", "JobCancelled")
        assert stack.client.store.head(Keys(job_id).result) is None
        assert stack.client.store.head(Keys(job_id).output("slow")) is None
    # One chunk may have been in the making; no other was begun.
    plan = stack.client.plan(running)
    assert plan is not None
    chunks = [part for part in stack.client.parts(running) if "/slow/" in part]
    assert len(chunks) < len(plan.chunks)
    for function, event in {
        "RenderChunk": plan.chunks[-1].model_dump(),
        "RenderAudio": {},
        "TakeSnapshots": {"batch": 0},
        "AssembleRender": {},
    }.items():
        asked = {"job_id": running, "execution_arn": arns[0], **event}
        error = invoke(stack, function, asked)["errorType"]
        # Assembling looks at the parts first, and only before it publishes at the job.
        assert error == ("PartMissing" if function == "AssembleRender" else "JobEnded")


def test_a_queued_job_is_cancelled_before_any_execution(
    stack: Deployed, clip: str, job_id: str
) -> None:
    request = {"source": clip, "render": SMALL, "job_id": job_id}
    message = {"messageId": job_id, "body": json.dumps(request)}
    assert len(invoke(stack, "RegisterJob", [message])) == 1
    assert stack.client.cancel(job_id) == "CANCELLED"
    stack.execution(arn := stack.client.start(request))
    assert [stage.name for stage in stack.client.stages(arn)][-1] == "Already Claimed"
    assert stack.client.job(job_id)["status"] == "CANCELLED"  # type: ignore[index]
    assert turns_of(stack, job_id) == []


def test_what_has_ended_is_not_cancelled(stack: Deployed, clip: str, job_id: str) -> None:
    with pytest.raises(CancelRefused, match="no job"):
        stack.client.cancel(job_id)
    job = stack.run({"source": clip, "render": SMALL, "job_id": job_id})
    assert job["status"] == "COMPLETE"
    with pytest.raises(CancelRefused, match="it is COMPLETE"):
        stack.client.cancel(job_id)


@pytest.mark.aws("sfn-events")
@pytest.mark.parametrize("when", ["WAITING", "RUNNING"])
def test_a_job_whose_end_no_event_told_of_is_ended_by_the_reconciler(
    stack: Deployed, clip: str, key: str, when: str
) -> None:
    with reserved(stack, "RenderChunk", 0), uncalled(stack, "FinishJob"):
        holder, behind, last = sent(stack, clip, 3, order_key=key)
        until(is_(stack, holder, "RUNNING"), "the first to run", 60)
        until(is_(stack, behind, "WAITING"), "the second to wait", 30)
        target = holder if when == "RUNNING" else behind
        arn = stack.client.job(target)["execution_arn"]  # type: ignore[index]
        stack.client.states.stop_execution(executionArn=arn)
        assert stack.execution(arn)["status"] == "ABORTED"
        # The rule's own minute may come first; what counts is that no event did it.
        until(lambda: reconcile(stack) and stack.ended(target), f"the {when} job to be ended", 30)
    job = stack.wait(target)
    assert (job["status"], job["error"]["name"]) == ("FAILED", "ExecutionAborted")
    assert stack.wait(last, 200)["status"] == "COMPLETE"
    assert turns_of(stack, holder, behind, last) == []


@pytest.mark.aws("sqs-dead-letter")
def test_a_dead_letter_ends_its_job_and_sent_again_is_rendered(
    stack: Deployed, clip: str, job_id: str
) -> None:
    body = json.dumps({"source": clip, "render": SMALL, "job_id": job_id})
    letters = {"QueueUrl": stack.client.outputs["DeadLetterQueueUrl"]}
    stack.client.sqs.send_message(
        **letters, MessageBody=body, MessageGroupId=job_id, MessageDeduplicationId=job_id
    )
    until(lambda: reconcile(stack) and stack.ended(job_id), "the dead letter's job to end", 30)
    job = stack.wait(job_id)
    assert (job["status"], job["error"]["name"]) == ("FAILED", "NeverStarted")

    def take() -> dict[str, Any] | None:
        """The reconciler looked at it and left it there."""
        taken = stack.client.sqs.receive_message(**letters, VisibilityTimeout=60)
        return next(iter(taken.get("Messages", [])), None)  # type: ignore[return-value]

    letter = until(take, "the letter", 30)
    stack.client.send(letter["Body"], group=job_id, deduplication=f"{job_id}-again")
    stack.client.sqs.delete_message(**letters, ReceiptHandle=letter["ReceiptHandle"])
    until(is_(stack, job_id, "COMPLETE"), "the job to be rendered after all", 90)
    assert stack.wait(job_id)["attempts"] == 1


@pytest.mark.aws("eb-schedule")
def test_a_stack_on_its_own_calls_the_reconciler_every_minute(stack: Deployed) -> None:
    events: Any = stack.service("events")
    arn = stack.function_arn("ReconcileJobs")
    (name,) = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    rule = events.describe_rule(Name=name)
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    found = until(
        lambda: lines_of(stack, "ReconcileJobs", "never_started"), "a call of the reconciler", 90
    )
    metrics = {"Mended", "JobsWaiting", "JobsRendering", "LongestTurnSeconds"}
    assert all(set(metrics_in(line)) == metrics for line in found)
