"""A job is accepted: noted, then put on the queue (docs/decisions/0009-ways-in-and-out.md).

The note is what `GET` and a repeat find until the job is registered; the queue decides the order.
"""

import hashlib
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.handle_api.callers import Caller
from functions.handle_api.jobs import Found
from functions.handle_api.problems import (
    INVALID_REQUEST,
    KEY_TAKEN,
    SOURCE_NOT_ALLOWED,
    FieldError,
    Problem,
)
from functions.shared.admission import refusals
from functions.shared.errors import InvalidRequest
from functions.shared.job import JobRequest, Request, as_text, check_size
from functions.shared.job_entries import JobEntries
from functions.shared.submissions import Submissions, is_of, message_group

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class JobQueue:
    """Where the pipe takes jobs from."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self.sqs = sqs
        self.url = url

    def send(self, request: Request) -> None:
        """Of a request with its id. Sent again within five minutes, it is not queued again."""
        self.sqs.send_message(
            QueueUrl=self.url,
            MessageBody=as_text(request),
            MessageGroupId=message_group(request),
            MessageDeduplicationId=str(request.job_id),
        )


def submit(
    caller: Caller,
    wanted: JobRequest,
    key: str | None,
    jobs: JobEntries,
    submissions: Submissions,
    queue: JobQueue,
    readable: Collection[str],
    now: datetime,
) -> Found:
    """Accept a job; with the same key and body, the same job.

    A repeat sends the message again, as the first sending may have been lost: a job that is
    registered already is not registered again.
    """
    request = _owned(caller, wanted, key, readable)
    row = jobs.get(str(request.job_id)) if key is not None else None
    if row is not None:
        return Found(_same(row, request), is_registered=True)
    row = _same(submissions.put(request, now), request)
    queue.send(request)
    return Found({**row, "status": "QUEUED"}, is_registered=False)


def _owned(
    caller: Caller, wanted: JobRequest, key: str | None, readable: Collection[str]
) -> Request:
    """The request as the queue carries it, held against what only the stack knows."""
    job_id = uuid.uuid4().hex if key is None else _job_id(caller, key)
    request = Request(**dict(wanted), job_id=job_id, owner=caller.sub)
    try:
        check_size(request)
    except InvalidRequest as error:
        raise Problem(INVALID_REQUEST, str(error)) from None
    wrong = [FieldError(path=path, detail=said) for path, said in refusals(request, readable)]
    if wrong:
        raise Problem(SOURCE_NOT_ALLOWED, wrong[0].detail, wrong)
    return request


def _job_id(caller: Caller, key: str) -> str:
    """The same for the same caller and key, and nobody else's."""
    return hashlib.sha256(f"{caller.sub}\n{key}".encode()).hexdigest()[:32]


def _same(row: dict[str, Any], request: Request) -> dict[str, Any]:
    if not is_of(row, request):
        raise Problem(
            KEY_TAKEN,
            "This Idempotency-Key was used for another request; send this one with a new key.",
        )
    return row
