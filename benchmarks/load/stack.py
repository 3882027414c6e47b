"""The stack under load: sending to it, and reading its tables and queues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from benchmarks.load.evidence import Left, Sample, Sent
from benchmarks.load.messages import Message
from reelwright.direct import DirectClient, Job

_MOST_KEYS = 100
_STATUS_ALONE: Any = {
    "ProjectionExpression": "job_id, #status",
    "ExpressionAttributeNames": {"#status": "status"},
}
_QUEUED: Any = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]
_from_dynamo = TypeDeserializer().deserialize


@dataclass(frozen=True)
class Look:
    """A sample, and the status of each job that has a row."""

    sample: Sample
    statuses: dict[str, str]


def send(client: DirectClient, message: Message) -> Sent:
    answer = client.sqs.send_message(
        QueueUrl=client.outputs["QueueUrl"],
        MessageBody=message.body,
        MessageGroupId=message.group,
        MessageDeduplicationId=message.deduplication,
    )
    return Sent(message, answer["MessageId"], int(answer["SequenceNumber"]))


def look(client: DirectClient, job_ids: Sequence[str]) -> Look:
    """Consistent reads, one after another."""
    count = client.jobs.turns.granted()
    turns = frozenset(t.job_id for t in client.jobs.turns.all() if t.state == "GRANTED")
    rows = read_rows(client, job_ids, _STATUS_ALONE)
    statuses = {job_id: row["status"] for job_id, row in rows.items()}
    running = frozenset(job_id for job_id, status in statuses.items() if status == "RUNNING")
    return Look(Sample(datetime.now(UTC), count, turns, running), statuses)


def read_rows(client: DirectClient, job_ids: Sequence[str], only: Any = None) -> dict[str, Job]:
    """Rows of the jobs table by id; what has none is left out."""
    table = client.jobs.table
    found = {}
    for first in range(0, len(job_ids), _MOST_KEYS):
        keys = [{"job_id": {"S": job_id}} for job_id in job_ids[first : first + _MOST_KEYS]]
        todo: Any = {table: {"Keys": keys, "ConsistentRead": True, **(only or {})}}
        while todo:
            answer = client.jobs.dynamodb.batch_get_item(RequestItems=todo)
            for item in answer["Responses"].get(table, []):
                row = {name: _from_dynamo(value) for name, value in item.items()}
                found[str(row["job_id"])] = row
            todo = answer.get("UnprocessedKeys")
    return found


def queued(client: DirectClient, output: str) -> int:
    """Messages of the queue whose address is in this output, in hand or not."""
    told = client.sqs.get_queue_attributes(QueueUrl=client.outputs[output], AttributeNames=_QUEUED)[
        "Attributes"
    ]
    return sum(int(told[name]) for name in _QUEUED)


def left(client: DirectClient) -> Left:
    return Left(
        queued=queued(client, "QueueUrl"),
        dead_letters=queued(client, "DeadLetterQueueUrl"),
        turns=tuple(turn.job_id for turn in client.jobs.turns.all()),
        granted=client.jobs.turns.granted(),
    )
