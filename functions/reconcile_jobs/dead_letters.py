"""Messages nothing could be started for: their jobs end as NeverStarted, the messages stay."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.shared.admission import admit_message
from functions.shared.jobs_table import NEVER_STARTED, JobsTable

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_BATCH = 10
_MOST_BATCHES = 20
_SETTLED = timedelta(minutes=5)
"""A message takes longer than this to its fifth receipt: a job queued since was sent again."""


@dataclass(frozen=True)
class Letter:
    """A message as it was first sent; a dead-letter queue keeps its id."""

    message_id: str
    body: str


class DeadLetters:
    """The dead-letter queue."""

    def __init__(self, sqs: "SQSClient", url: str, hold_s: int) -> None:
        """`hold_s`: nobody else can take a message for as long as it may be looked at."""
        self.sqs = sqs
        self.url = url
        self.hold_s = hold_s

    @contextmanager
    def held(self) -> Iterator[list[Letter]]:
        """What is in the queue, put back at the end.

        Of one message group SQS shows ten at a time; two hundred in all are taken.
        """
        letters: list[Letter] = []
        batches: list[list[str]] = []
        try:
            for _ in range(_MOST_BATCHES):
                messages = self.sqs.receive_message(
                    QueueUrl=self.url,
                    MaxNumberOfMessages=_BATCH,
                    VisibilityTimeout=self.hold_s,
                    WaitTimeSeconds=0,
                ).get("Messages", [])
                if not messages:
                    break
                batches.append([message["ReceiptHandle"] for message in messages])
                letters += [Letter(each["MessageId"], each["Body"]) for each in messages]
            yield letters
        finally:
            for handles in batches:
                self._put_back(handles)

    def _put_back(self, handles: list[str]) -> None:
        """At once, because the alarm and whoever sends messages again look for visible ones."""
        self.sqs.change_message_visibility_batch(
            QueueUrl=self.url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(handles)
            ],
        )


def end_unstarted(
    letters: DeadLetters, jobs: JobsTable, readable: Collection[str], now: datetime
) -> int:
    """Fail the jobs of all dead letters that no execution has claimed; returns how many.

    A message whose registration failed too gets its row here first. Sent back to the queue,
    register_job queues its job again.
    """
    with letters.held() as found:
        return sum(_end(letter, jobs, readable, now) for letter in found)


def _end(letter: Letter, jobs: JobsTable, readable: Collection[str], now: datetime) -> bool:
    admitted = admit_message(letter.message_id, letter.body, jobs, readable, now)
    if admitted is None or not _is_settled(admitted.row, now):
        return False
    return jobs.fail(admitted.job_id, None, NEVER_STARTED, now)


def _is_settled(row: dict[str, Any] | None, now: datetime) -> bool:
    return row is None or now - datetime.fromisoformat(row["updated_at"]) > _SETTLED
