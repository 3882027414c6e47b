"""A message becomes a row in the jobs table, in queue order, before anything is started for it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from functions.shared.admission import Admitted, admit_message
from functions.shared.jobs_table import JobsTable


def register(
    message: dict[str, Any], jobs: JobsTable, readable: Collection[str], now: datetime
) -> dict[str, Any] | None:
    """What to start an execution with for one SQS record, or None for nothing.

    Nothing is started for a request that can't be valid (its row says REJECTED and why) and for a
    message whose job was started before. A repeated message changes nothing, but for a job that
    failed because nothing was ever started for it: that one is queued again.
    """
    admitted = admit_message(message["messageId"], message["body"], jobs, readable, now)
    if admitted is None or not _is_to_be_started(admitted, jobs, now):
        return None
    told = admitted.request.without_secret().model_copy(update={"job_id": admitted.job_id})
    return told.model_dump(mode="json", exclude_defaults=True)


def _is_to_be_started(admitted: Admitted, jobs: JobsTable, now: datetime) -> bool:
    row = admitted.row
    if row is None or row["status"] == "QUEUED":
        return True
    return jobs.queue_again(admitted.job_id, now)
