"""One attempt to deliver one webhook, and what follows from the answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.deliver_webhook.post import Unanswered, post
from functions.deliver_webhook.signing import StackSecrets, signed_headers
from functions.shared.errors import InvalidRequest, TransientError
from functions.shared.job import parse_request
from functions.shared.jobs_table import JobsTable
from functions.shared.request.notify import Notify
from functions.shared.web import AddressMalformed, AddressNotAllowed, HostUnknown, Web

_GONE = 410
_GOOD = range(200, 300)


@dataclass(frozen=True)
class Message:
    """A webhook as it lies in the queue."""

    body: str
    """What is posted, to the byte."""
    event_id: str
    job_id: str
    attempt: int
    """From 1 on."""

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Message":
        data = json.loads(record["body"])["data"]
        received = int(record["attributes"]["ApproximateReceiveCount"])
        return cls(record["body"], data["event_id"], data["job_id"], received)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt."""

    kind: Literal["delivered", "failed", "stopped", "dropped"]
    """`failed` is worth another attempt. `stopped`: this job's webhook is told nothing more.
    `dropped`: there is nobody to tell."""
    said: str
    """One sentence; of the address it names the host only, since the rest may be secret."""
    retry_after: str | None = None


def deliver(
    message: Message,
    jobs: JobsTable,
    secrets: StackSecrets,
    web: Web,
    clock: Callable[[], datetime],
) -> Outcome:
    row = jobs.get(message.job_id)
    notify = _notify(row) if row else None
    if row is None or notify is None or notify.webhook_url is None:
        return Outcome("dropped", "The job has no webhook any more.")
    if "webhook_error" in row:
        return Outcome("dropped", "The job's webhook was stopped before.")
    keys = (notify.webhook_secret,) if notify.webhook_secret else secrets.get(clock())
    headers = signed_headers(keys, message.event_id, message.body, clock())
    outcome = _attempt(web, notify.webhook_url, headers, message.body)
    if outcome.kind == "stopped":
        jobs.stop_webhook(message.job_id, outcome.said)
    return outcome


def _attempt(web: Web, url: str, headers: dict[str, str], body: str) -> Outcome:
    try:
        answer = post(web, url, headers, body.encode())
    except (AddressNotAllowed, AddressMalformed) as error:
        return Outcome("stopped", str(error))
    except (HostUnknown, TransientError, Unanswered) as error:
        return Outcome("failed", str(error))
    said = f"The receiver answered {answer.status}."
    if answer.status in _GOOD:
        return Outcome("delivered", said)
    if answer.status == _GONE:
        return Outcome("stopped", "The receiver answered 410: it wants no more of this job.")
    return Outcome("failed", said, answer.retry_after)


def _notify(row: dict[str, Any]) -> Notify | None:
    try:
        return parse_request(row["request"]).notify
    except InvalidRequest:
        return None
