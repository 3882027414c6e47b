"""What is told when a job's status has changed: on the event bus, and to the job's webhook."""

from typing import Literal

from pydantic import Field

from functions.shared.job_rows import Status
from functions.shared.job_view import JobView, View

SOURCE = "reelwright"
"""Of every event on the bus."""

Kind = Literal["queued", "waiting", "started", "completed", "failed", "cancelled", "rejected"]

KINDS: dict[Status, Kind] = {
    "QUEUED": "queued",
    "WAITING": "waiting",
    "RUNNING": "started",
    "COMPLETE": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "REJECTED": "rejected",
}


class JobEvent(JobView):
    """A job as it was after the change; the `detail` of an event, the `data` of a webhook."""

    event_id: str = Field(description="Of the change: a repeat of the event carries the same.")


class WebhookBody(View):
    """What is posted to a webhook."""

    type: str = Field(description="`job.` and the kind of change, e.g. `job.completed`.")
    timestamp: str = Field(description="When the job changed; ISO 8601, UTC.")
    data: JobEvent


def detail_type(kind: Kind) -> str:
    """The event's name on the bus, e.g. `Job Completed`."""
    return f"Job {kind.capitalize()}"


def webhook_type(kind: Kind) -> str:
    return f"job.{kind}"
