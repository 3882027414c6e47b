"""What a row of the jobs table says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.shared.errors import JobEnded
from functions.shared.stamps import stamp

Status = Literal["QUEUED", "WAITING", "RUNNING", "COMPLETE", "FAILED", "CANCELLED", "REJECTED"]
TERMINAL = frozenset({"COMPLETE", "FAILED", "CANCELLED", "REJECTED"})
Door = Literal["queue", "direct"]
"""The way a job came in: a message, or StartExecution."""


@dataclass(frozen=True)
class JobError:
    """Why a job ended without its render.

    `name` is the error class, `message` one sentence, `state` the state machine's state, `chunk`
    the number of the chunk where one is to blame.
    """

    name: str
    message: str
    state: str | None = None
    chunk: int | None = None

    def as_item(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}


NEVER_STARTED = JobError(
    "NeverStarted", "No execution was ever started for the job; its message may be in the DLQ."
)


def new_row(
    job_id: str, status: Status, door: Door, now: datetime, owner: str | None = None
) -> dict[str, Any]:
    """`owner` and `created_day` are keys of indexes (docs/decisions/0009-ways-in-and-out.md)."""
    row = {
        "job_id": job_id,
        "status": status,
        "door": door,
        "created_day": stamp(now)[:10],
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }
    return row if owner is None else {**row, "owner": owner}


def ended(job_id: str) -> JobEnded:
    """For a step that finds that its job has ended."""
    return JobEnded(f"The job {job_id} was ended while this step was under way.")


def was_never_started(row: dict[str, Any]) -> bool:
    is_named_so = row.get("error", {}).get("name") == NEVER_STARTED.name
    return row["status"] == "FAILED" and is_named_so and "execution_arn" not in row
