"""A message becomes a row in the jobs table, in queue order, before anything is started for it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from functions.shared.admission import check_bucket, excerpt, job_id_for, safe_id, wanted_id
from functions.shared.errors import JobIdTaken, ReelwrightError
from functions.shared.job import parse_request
from functions.shared.jobs_table import JobError, JobsTable


def register(
    message: dict[str, Any], jobs: JobsTable, readable: Collection[str], now: datetime
) -> dict[str, Any] | None:
    """What to start an execution with for one SQS record, or None for nothing.

    Nothing is started for a request that can't be valid (its row says REJECTED and why) and for a
    message whose job was started before. A repeated message changes nothing.
    """
    body: str = message["body"]
    try:
        request = parse_request(body)
        check_bucket(request, readable)
        job_id = job_id_for(request, message["messageId"])
        row = jobs.register(job_id, request, "queue", now)
        if row is not None and row.get("request_hash") != request.hash:
            raise JobIdTaken(f"The job id {job_id!r} belongs to another request; choose a new one.")
    except ReelwrightError as error:
        refusal = JobError(type(error).__name__, str(error), "Register Job")
        for own in (wanted_id(body), safe_id(message["messageId"])):
            if own and jobs.reject(own, excerpt(body), refusal, "queue", now):
                break
        return None
    if row is not None and row["status"] != "QUEUED":
        return None
    return request.model_copy(update={"job_id": job_id}).model_dump(
        mode="json", exclude_defaults=True
    )
