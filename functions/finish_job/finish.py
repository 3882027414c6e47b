"""The only way into a terminal state. Finishing twice changes nothing."""

import json
from datetime import datetime
from typing import Any

from functions.finish_job.ending import Ending, Failure
from functions.shared.admission import excerpt, safe_id
from functions.shared.bill import Cost
from functions.shared.cancelling import CANCELLED
from functions.shared.errors import InvalidRequest, PartMissing
from functions.shared.job import parse_input
from functions.shared.jobs_table import JobError, JobsTable
from functions.shared.media_store import MediaStore
from functions.shared.turns import Answerer, grant_turns

_REFUSALS = {"InvalidRequest", "SourceNotAllowed", "JobIdTaken"}


def finish(
    ending: Ending,
    jobs: JobsTable,
    store: MediaStore,
    answerer: Answerer,
    ceiling: int,
    now: datetime,
) -> dict[str, Any]:
    """End the job, grant the turn it freed; return its id and the status its row holds now, and
    why this execution failed it: a worker's own error, where its Map only said that one failed.

    COMPLETE needs the result, and every file it names, to be in the store: the row never runs
    ahead of the render.
    """
    job_id = ending.find_job_id()
    if ending.status == "COMPLETE":
        cost = _check_published(store, ending.result_key or "")
        jobs.complete(job_id, ending.execution_arn, ending.result_key or "", now, cost)
    else:
        _fail(job_id, ending, jobs, now)
    grant_turns(jobs.turns, answerer, ceiling)
    row = jobs.get(job_id)
    ended = {"job_id": job_id, "status": row["status"] if row else None}
    failed = _failed(row, ending) if row else None
    return {**ended, "failure": failed} if failed else ended


def _failed(row: dict[str, Any], ending: Ending) -> dict[str, Any] | None:
    """The error that this execution failed its job with, as the machine's states tell one."""
    own = (row["status"], row.get("execution_arn")) == ("FAILED", ending.execution_arn)
    if not own or ending.status == "COMPLETE":
        return None
    error = row["error"]
    chunk = error.get("chunk")
    return {
        "error": error["name"],
        "cause": error["message"],
        "state": error.get("state"),
        "chunk": None if chunk is None else int(chunk),
    }


def _check_published(store: MediaStore, result_key: str) -> Cost | None:
    """What its result says that the job cost."""
    if not result_key or store.head(result_key) is None:
        raise PartMissing(f"The job's result {result_key!r} is not in the store.")
    result = store.read_json(result_key)
    streams = result.get("streams", ())
    playlists = [playlist for stream in streams for playlist in stream["playlists"]]
    for made in (*result["outputs"], *playlists, *result["snapshots"]):
        found = store.head(made["key"])
        if found is None or found.size_bytes != made["size_bytes"]:
            raise PartMissing(f"The file {made['key']!r} is not in the store as it was verified.")
    told = result.get("cost")
    return Cost.model_validate(told) if told else None


def _fail(job_id: str, ending: Ending, jobs: JobsTable, now: datetime) -> None:
    error = (ending.failure or Failure()).as_error()
    row = jobs.get(job_id)
    if error.name in _REFUSALS and error.state == "Claim Job":
        _reject(job_id, row, ending, error, jobs, now)
    elif row is None:
        _fail_unclaimed(job_id, ending, error, jobs, now)
    elif row["status"] == "QUEUED" and not _is_of(ending, row):
        return
    elif row.get("cancel_requested_at"):
        jobs.fail(job_id, ending.execution_arn, CANCELLED, now, "CANCELLED", ending.redrives)
    else:
        jobs.fail(job_id, ending.execution_arn, _closest(row, error), now, redrives=ending.redrives)


def _fail_unclaimed(
    job_id: str, ending: Ending, error: JobError, jobs: JobsTable, now: datetime
) -> None:
    """An execution that ended in its first moments: no row says so yet, and a claim under way must
    not find the job free."""
    try:
        request = parse_input(ending.first_input)
    except InvalidRequest:
        return
    jobs.fail_unclaimed(job_id, request, ending.execution_arn, error, ending.door, now)


def _is_of(ending: Ending, row: dict[str, Any]) -> bool:
    """Whether the execution that ended was started for this queued job, and not merely named it."""
    try:
        request = parse_input(ending.first_input)
    except InvalidRequest:
        return False
    return (request.hash, ending.door) == (row.get("request_hash"), row["door"])


def _reject(
    job_id: str,
    row: dict[str, Any] | None,
    ending: Ending,
    error: JobError,
    jobs: JobsTable,
    now: datetime,
) -> None:
    """A refused direct start gets a row of its own; one under another's id is kept by its name."""
    own = job_id if row is None else safe_id(ending.execution_name)
    jobs.reject(own, excerpt(json.dumps(ending.input)), error, "direct", now)


def _closest(row: dict[str, Any], error: JobError) -> JobError:
    """The failure a worker's own state recorded says more than what its Map or Parallel says."""
    noted = row.get("failure")
    return Failure.model_validate(noted).as_error() if noted else error
