"""A job that has not ended is ended as CANCELLED, and its execution stopped."""

from datetime import datetime
from typing import Any

from functions.shared.cancelling import end_cancelled
from functions.shared.errors import CancelRefused
from functions.shared.executions import Executions
from functions.shared.jobs_table import JobsTable
from functions.shared.turns import Answerer, grant_turns


def cancel(
    jobs: JobsTable,
    executions: Executions,
    answerer: Answerer,
    job_id: str,
    ceiling: int,
    now: datetime,
) -> dict[str, Any]:
    """Cancel a job; cancelling it again says the same. CancelRefused says why it can't be.

    The mark comes first: from then on its workers start nothing and nothing is published, whatever
    becomes of the steps after it; the reconciler takes those a crash left out.
    """
    row = jobs.get(job_id)
    if row is None:
        raise CancelRefused(f"There is no job {job_id!r}.")
    if row["status"] != "CANCELLED":
        if not jobs.request_cancel(job_id, now):
            raise CancelRefused(_why_not(jobs.get(job_id) or row))
        end_cancelled(jobs, executions, job_id, now)
        grant_turns(jobs.turns, answerer, ceiling)
    return {"job_id": job_id, "status": (jobs.get(job_id) or row)["status"]}


def _why_not(row: dict[str, Any]) -> str:
    if row.get("publishing") and row["status"] == "RUNNING":
        return f"The job {row['job_id']} is being published; it is too late to cancel it."
    return f"The job {row['job_id']} has ended already: it is {row['status']}."
