"""Ending a job that was marked as cancelled."""

from datetime import datetime

from functions.shared.executions import Executions
from functions.shared.jobs_table import JobError, JobsTable

CANCELLED = JobError("JobCancelled", "The job was cancelled before it was done.")


def end_cancelled(jobs: JobsTable, executions: Executions, job_id: str, now: datetime) -> None:
    """Stop the execution of a job marked as cancelled, and end the job."""
    row = jobs.get(job_id)
    arn = row.get("execution_arn") if row else None
    if arn:
        executions.stop(arn, CANCELLED.name, CANCELLED.message)
    jobs.fail(job_id, arn, CANCELLED, now, end="CANCELLED")
