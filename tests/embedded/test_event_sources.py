"""Event source mappings: a table's stream, and a FIFO queue, calling functions."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.embedded.conftest import Bench, eventually, unique

READER = """
    import json, os, boto3
    tries = {}
    def handle(event, context):
        records = [record["dynamodb"] for record in event["Records"]]
        does = {r["Keys"]["id"]["S"]: r["NewImage"]["does"]["S"] for r in records}
        boto3.client("sqs").send_message(
            QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(list(does)))
        failed = []
        for record, (name, what) in zip(records, does.items()):
            tries[name] = tries.get(name, 0) + 1
            if what == "raise":
                raise ValueError(name)
            if what == "report" or (what == "report once" and tries[name] == 1):
                failed.append({"itemIdentifier": record["SequenceNumber"]})
        return {"batchItemFailures": failed}
"""
DELIVERER = """
    import json, os, time, boto3
    def handle(event, context):
        (record,) = event["Records"]
        told = json.loads(record["body"])
        sqs = boto3.client("sqs")
        sqs.send_message(QueueUrl=os.environ["SEEN"], MessageBody=record["body"])
        if told.get("sleep_s"):
            time.sleep(told["sleep_s"])
        if told.get("fails") and int(record["attributes"]["ApproximateReceiveCount"]) < 3:
            sqs.change_message_visibility(QueueUrl=os.environ["SOURCE"],
                ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0)
            return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
        return {"batchItemFailures": []}
"""


class Seen:
    """What a function said it was called with, in order."""

    def __init__(self, bench: Bench) -> None:
        self.sqs = bench.client("sqs")
        self.url, _ = bench.queue()
        self.calls: list[Any] = []

    def until(self, done: Callable[[list[Any]], bool], timeout_s: float = 20) -> list[Any]:
        def look() -> bool:
            got = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            self.calls += [json.loads(message["Body"]) for message in got.get("Messages", [])]
            return done(self.calls)

        eventually(look, timeout_s)
        return self.calls


class Stream:
    """A table with a stream, and a function that reads it in batches of four."""

    def __init__(self, bench: Bench, items: dict[str, str], **mapping: Any) -> None:
        self.seen = Seen(bench)
        self.lost_url, lost_arn = bench.queue()
        dynamodb = bench.client("dynamodb")
        self.table = unique("table")
        source = dynamodb.create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]["LatestStreamArn"]
        for name, does in items.items():
            dynamodb.put_item(TableName=self.table, Item={"id": {"S": name}, "does": {"S": does}})
        environment = {"Variables": {"SEEN": self.seen.url}}
        bench.client("lambda").create_event_source_mapping(
            FunctionName=bench.function(READER, Environment=environment),
            EventSourceArn=source,
            StartingPosition="TRIM_HORIZON",
            BatchSize=4,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig={"OnFailure": {"Destination": lost_arn}},
            **mapping,
        )
        self.sqs = bench.client("sqs")

    def lost(self) -> dict[str, Any]:
        """The first record of the destination."""
        messages = eventually(
            lambda: self.sqs.receive_message(QueueUrl=self.lost_url).get("Messages"), 20
        )
        found: dict[str, Any] = json.loads(messages[0]["Body"])
        return found


@pytest.mark.aws("lambda-stream")
def test_after_a_reported_failure_the_stream_goes_on_from_there(bench: Bench) -> None:
    stream = Stream(bench, {"a": "", "b": "report once", "c": ""})
    assert stream.seen.until(lambda calls: len(calls) == 2) == [["a", "b", "c"], ["b", "c"]]


@pytest.mark.aws("lambda-stream")
def test_a_record_that_raises_is_found_by_halving_and_given_up_alone(bench: Bench) -> None:
    stream = Stream(
        bench,
        {"a": "", "b": "", "bad": "raise", "d": "", "e": ""},
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
    )
    calls = stream.seen.until(lambda calls: ["e"] in calls)
    assert calls == [
        ["a", "b", "bad", "d"],
        ["a", "b"],
        ["bad", "d"],
        ["bad"],
        ["bad"],
        ["d"],
        ["e"],
    ]
    lost = stream.lost()
    assert lost["requestContext"]["condition"] == "RetryAttemptsExhausted"
    batch = lost["DDBStreamBatchInfo"]
    assert batch["batchSize"] == 1
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]


def test_what_is_reported_again_and_again_is_given_up_with_all_behind_it(bench: Bench) -> None:
    stream = Stream(bench, {"a": "", "bad": "report", "c": ""}, MaximumRetryAttempts=1)
    assert stream.lost()["DDBStreamBatchInfo"]["batchSize"] == 2
    calls = stream.seen.until(lambda calls: len(calls) == 3)
    assert calls == [["a", "bad", "c"], ["bad", "c"], ["bad", "c"]]


@pytest.mark.aws("lambda-stream")
def test_a_record_too_old_is_given_up(bench: Bench) -> None:
    stream = Stream(bench, {"bad": "raise"}, MaximumRecordAgeInSeconds=2)
    assert stream.lost()["requestContext"]["condition"] == "MaxRecordAgeExceeded"


@pytest.fixture
def deliveries(bench: Bench) -> tuple[Callable[..., None], Seen]:
    """(send to the queue, what its function was called with)"""
    seen = Seen(bench)
    url, source = bench.queue(fifo=True, VisibilityTimeout="30")
    environment = {"Variables": {"SEEN": seen.url, "SOURCE": url}}
    bench.client("lambda").create_event_source_mapping(
        FunctionName=bench.function(DELIVERER, timeout_s=20, Environment=environment),
        EventSourceArn=source,
        BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )

    def send(name: str, group: str, **does: Any) -> None:
        bench.client("sqs").send_message(
            QueueUrl=url, MessageBody=json.dumps({"name": name, **does}), MessageGroupId=group
        )

    return send, seen


def names(calls: list[Any]) -> list[str]:
    return [call["name"] for call in calls]


@pytest.mark.aws("lambda-fifo")
def test_a_slow_group_holds_up_no_other_and_stays_in_order(
    deliveries: tuple[Callable[..., None], Seen],
) -> None:
    send, seen = deliveries
    send("slow 1", "slow", sleep_s=3)
    send("slow 2", "slow")
    send("quick 1", "quick")
    send("quick 2", "quick")
    calls = seen.until(lambda calls: len(calls) == 4)
    assert sorted(names(calls)[:3]) == ["quick 1", "quick 2", "slow 1"]
    assert names(calls)[3] == "slow 2"


@pytest.mark.aws("lambda-fifo")
def test_a_message_that_fails_is_tried_again_before_the_next_of_its_group(
    deliveries: tuple[Callable[..., None], Seen],
) -> None:
    send, seen = deliveries
    send("first", "one", fails=True)
    send("second", "one")
    calls = seen.until(lambda calls: len(calls) == 4)
    assert names(calls) == ["first", "first", "first", "second"]
