"""A job as the API knows it, and how it is shown."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.handle_api.callers import Caller
from functions.handle_api.problems import not_found
from functions.shared.job import JOB_ID
from functions.shared.job_entries import JobEntries
from functions.shared.job_view import JobView, view
from functions.shared.media_store import MediaStore
from functions.shared.progress import Progress, progress_of
from functions.shared.submissions import Submissions

LINK_S = 900
"""How long an address of a file can be used."""


@dataclass(frozen=True)
class Found:
    """A job's row, or what stands for it until the job is registered."""

    row: Mapping[str, Any]
    is_registered: bool


def find(caller: Caller, job_id: str, jobs: JobEntries, submissions: Submissions) -> Found:
    """The caller's job. Another's is not found, as one that is not there."""
    if not re.fullmatch(JOB_ID, job_id):
        raise not_found(job_id)
    row = jobs.get(job_id)
    found = Found(row, is_registered=True) if row is not None else _sent(job_id, submissions)
    if found is None or not caller.may_see(found.row):
        raise not_found(job_id)
    return found


def _sent(job_id: str, submissions: Submissions) -> Found | None:
    row = submissions.get(job_id)
    return None if row is None else Found({**row, "status": "QUEUED"}, is_registered=False)


def show(found: Found, store: Callable[[], MediaStore], now: datetime) -> JobView:
    """All that can be told of the job, with addresses of its files.

    `store` is asked for only where there may be something in it.
    """
    row = found.row
    if "claimed_at" not in row:
        return view(row, Progress(), None, now)
    media = store()
    return view(
        row, progress_of(media, row), result_of(row, media), now, lambda key: link(media, key)
    )


def result_of(row: Mapping[str, Any], store: MediaStore) -> Mapping[str, Any] | None:
    """What a COMPLETE job made; None too where it was removed by hand."""
    if row["status"] != "COMPLETE" or store.head(row["result_key"]) is None:
        return None
    result: dict[str, Any] = store.read_json(row["result_key"])
    return result


def link(store: MediaStore, key: str) -> str:
    """Presigned; a browser shows the file, and saves it under its own name."""
    name = key.rsplit("/", 1)[1]
    return store.s3.generate_presigned_url(
        "get_object",
        Params={
            "Bucket": store.bucket,
            "Key": key,
            "ResponseContentDisposition": f'inline; filename="{name}"',
        },
        ExpiresIn=LINK_S,
    )
