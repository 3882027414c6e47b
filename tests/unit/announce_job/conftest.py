"""The jobs table with its stream, an event bus that may refuse, and the queue of webhooks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from functions.announce_job.announce import Told, announce
from functions.announce_job.bus import Bus, Outbox
from functions.shared.media_store import MediaStore
from tests.unit.conftest import NOW, Desk

HOOK = {"webhook_url": "https://example.com/hook"}


@dataclass
class Events:
    """The bus's API. `refusing` maps a call's number to the detail types it refuses."""

    refusing: dict[int, set[str]] = field(default_factory=dict)
    calls: list[list[dict[str, Any]]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    def put_events(self, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert 1 <= len(Entries) <= 10
        refused = self.refusing.get(len(self.calls), set())
        self.calls.append(list(Entries))
        answers = []
        for entry in Entries:
            if entry["DetailType"] in refused:
                answers.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "later"})
            else:
                self.taken.append(entry)
                answers.append({"EventId": str(len(self.taken))})
        return {"FailedEntryCount": len(refused), "Entries": answers}

    @property
    def kinds(self) -> list[str]:
        return [entry["DetailType"].removeprefix("Job ") for entry in self.taken]

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.taken]

    @property
    def ids(self) -> list[str]:
        return [detail["event_id"] for detail in self.details]


@dataclass
class Newsroom:
    """What is written to the table is read from its stream, and told."""

    desk: Desk
    store: MediaStore
    events: Events
    outbox: Outbox
    read: int = 0

    @property
    def bus(self) -> Bus:
        return Bus(self.events, "bus", pause=lambda _: None)  # type: ignore[arg-type]

    def records(self) -> list[dict[str, Any]]:
        """Those that are new in the stream."""
        streams = boto3.client("dynamodbstreams")
        arn = streams.list_streams(TableName="jobs")["Streams"][0]["StreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found: list[Any] = streams.get_records(ShardIterator=iterator)["Records"]
        new, self.read = found[self.read :], len(found)
        return new

    def announce(self, records: list[dict[str, Any]] | None = None) -> Told:
        told = self.records() if records is None else records
        return announce(told, self.store, self.bus, self.outbox, datetime.now(UTC))

    def webhooks(self) -> list[dict[str, Any]]:
        """Bodies in the queue, which are taken out of it."""
        sqs, found = self.outbox.sqs, []
        while got := sqs.receive_message(QueueUrl=self.outbox.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in got:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.outbox.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def complete(self, job_id: str = "a") -> None:
        result = {"outputs": [], "snapshots": [], "notes": ["No sound."]}
        self.store.write_json(f"jobs/{job_id}/result.json", result)
        row = self.desk.row(job_id)
        assert self.desk.jobs.complete(
            job_id, row["execution_arn"], f"jobs/{job_id}/result.json", NOW
        )


@pytest.fixture
def news(desk: Desk, store: MediaStore) -> Newsroom:
    boto3.client("dynamodb").update_table(
        TableName="jobs",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="webhooks.fifo", Attributes={"FifoQueue": "true"})
    return Newsroom(desk, store, Events(), Outbox(sqs, queue["QueueUrl"]))
