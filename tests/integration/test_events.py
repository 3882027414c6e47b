"""What happens to a job is told on the bus and to people: all of it, and nothing else."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from functions.shared.job_event import JobEvent
from local.stand_ins import stand_in
from tests.integration.conftest import Deployed
from tests.integration.listening import Listener, drained, kind, listen, queue_for
from tests.polling import until

SMALL = {"outputs": [{"name": "small", "height": 90, "video": {"preset": "ultrafast"}}]}


@pytest.fixture(scope="module")
def bus(stack: Deployed) -> Iterator[Listener]:
    listener, stop = listen(stack)
    yield listener
    stop()


def kinds(events: list[Any]) -> list[str]:
    """In order of their first coming: any event may come twice."""
    return list(dict.fromkeys(kind(event) for event in events))


def check_ids(events: list[Any]) -> None:
    """Each change has an id of its own, and it is the same wherever the event comes again."""
    by_id = {event["detail"]["event_id"]: kind(event) for event in events}
    assert len(by_id) == len(set(by_id.values())) == len(kinds(events))


def test_a_job_that_completes_is_told_from_its_first_state_to_its_last(
    stack: Deployed, bus: Listener, clip: str
) -> None:
    metadata = {"metadata": {"title": "Ähre"}}
    job_id = stack.client.submit({"source": clip, "render": SMALL, "notify": metadata})
    events = bus.of(job_id)
    assert kinds(events) == ["Queued", "Waiting", "Started", "Completed"]
    check_ids(events)
    details = {kind(event): JobEvent.model_validate(event["detail"]) for event in events}
    assert details["Queued"].status == "QUEUED"
    assert details["Waiting"].execution_arn is not None
    assert details["Started"].started_at is not None
    end = details["Completed"]
    assert (end.stage, end.progress.fraction, end.metadata) == ("ended", 1.0, metadata["metadata"])
    (output,) = end.outputs
    result = stack.client.result(stack.wait(job_id))
    assert (output.key, output.size_bytes) == (
        result["outputs"][0]["key"],
        result["outputs"][0]["size_bytes"],
    )
    assert output.url is None


def test_a_job_that_fails(stack: Deployed, bus: Listener, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_bytes(b"Dear renderer,\n" * 99)
    job_id = stack.client.submit({"source": stack.client.upload(letter), "render": SMALL})
    events = bus.of(job_id)
    assert kinds(events) == ["Queued", "Waiting", "Started", "Failed"]
    check_ids(events)
    assert events[-1]["detail"]["error"]["name"] == "SourceNotMedia"


def test_a_job_that_is_cancelled(stack: Deployed, bus: Listener, clip: str) -> None:
    slow = {"outputs": [{"name": "slow", "video": {"preset": "veryslow"}}]}
    job_id = stack.client.submit({"source": clip, "render": slow})
    bus.until(job_id, lambda seen: "Started" in seen)
    assert stack.client.cancel(job_id) == "CANCELLED"
    events = bus.of(job_id)
    assert kinds(events) == ["Queued", "Waiting", "Started", "Cancelled"]
    check_ids(events)


def test_a_request_that_can_never_run_is_told_once(stack: Deployed, bus: Listener) -> None:
    mark = uuid.uuid4().hex
    job_id = stack.client.send("render my video please", group=mark, deduplication=mark)
    assert kinds(bus.of(job_id)) == ["Rejected"]


def test_what_did_not_happen_is_not_told(stack: Deployed, bus: Listener) -> None:
    """The stream keeps its order: what comes after the last word of another job is all there is."""
    one, other = uuid.uuid4().hex, uuid.uuid4().hex
    refused = stack.client.send("not a job", group=one, deduplication=one)
    before = len(bus.of(refused))
    with pytest.raises(Exception, match="has ended already"):
        stack.client.cancel(refused)
    assert not stack.client.jobs.claim(refused, "arn:none", datetime.now(UTC), reopen=False)
    bus.of(stack.client.send("nor this", group=other, deduplication=other))
    assert len(bus.events[refused]) == before


@pytest.mark.aws("sns-mail")
def test_people_are_told_of_the_end(stack: Deployed, bus: Listener) -> None:
    topic = stack.client.outputs["JobsTopicArn"]
    sqs, sns = stack.service("sqs"), stack.service("sns")
    url, arn = queue_for(sqs, "sns.amazonaws.com", topic)
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    mark = uuid.uuid4().hex
    job_id = stack.client.send("not a job", group=mark, deduplication=mark)

    def told() -> str | None:
        texts = [json.loads(message["Body"])["Message"] for message in drained(sqs, url)]
        return next((text for text in texts if job_id in text), None)

    text = until(told, "the topic's message", 60)
    assert text.strip('"').startswith(f"Reelwright: job {job_id} ended as REJECTED.")
    assert "InvalidRequest: the message is not JSON" in text
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)
    assert kinds(bus.of(job_id)) == ["Rejected"]


CRASHING = """
import os
from functions.announce_job import handler

def handle(event, context):
    answer = handler.handle(event, context)
    marker = os.path.join(os.environ["LAMBDA_TASK_ROOT"], "crashed")
    if not os.path.exists(marker):
        open(marker, "w").close()
        os._exit(1)
    return answer
"""


@pytest.mark.aws("eb-repeat")
@pytest.mark.embedded_only
def test_a_crash_between_the_event_and_the_answer_repeats_the_event_with_its_id(
    stack: Deployed, bus: Listener
) -> None:
    mark = uuid.uuid4().hex
    with stand_in(stack.client.functions, stack.function("AnnounceJob"), CRASHING):
        job_id = stack.client.send("not a job", group=mark, deduplication=mark)
        events = bus.until(job_id, lambda seen: len(seen) > 1)
    assert len({event["id"] for event in events}) == 2
    assert len({event["detail"]["event_id"] for event in events}) == 1


@pytest.fixture
def hasty(stack: Deployed) -> Iterator[None]:
    """A stream whose records are given up after the first failure."""
    functions = stack.client.functions
    (found,) = functions.list_event_source_mappings(FunctionName=stack.function("AnnounceJob"))[
        "EventSourceMappings"
    ]
    tries = found["MaximumRetryAttempts"]
    functions.update_event_source_mapping(UUID=found["UUID"], MaximumRetryAttempts=0)
    yield
    functions.update_event_source_mapping(UUID=found["UUID"], MaximumRetryAttempts=tries)


FAILING = """
def handle(event, context):
    raise RuntimeError("The bus is away.")
"""


@pytest.mark.embedded_only
@pytest.mark.usefixtures("hasty")
def test_a_change_that_could_not_be_announced_is_kept_and_can_be_announced_by_hand(
    stack: Deployed, bus: Listener
) -> None:
    """As docs/events.md says to."""
    mark = uuid.uuid4().hex
    sqs, missed = stack.service("sqs"), stack.client.outputs["MissedEventsQueueUrl"]
    function = stack.client.outputs["AnnounceJobFunctionName"]
    with stand_in(stack.client.functions, function, FAILING):
        job_id = stack.client.send("not a job", group=mark, deduplication=mark)
        (kept,) = until(lambda: drained(sqs, missed) or None, "the missed change", 60)
    batch = json.loads(kept["Body"])["DDBStreamBatchInfo"]
    streams = stack.service("dynamodbstreams")
    iterator = streams.get_shard_iterator(
        StreamArn=batch["streamArn"],
        ShardId=batch["shardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch["startSequenceNumber"],
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator, Limit=batch["batchSize"])["Records"]
    answer = stack.client.functions.invoke(
        FunctionName=function, Payload=json.dumps({"Records": records}, default=str)
    )
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    (event,) = bus.of(job_id)
    assert kind(event) == "Rejected"
