"""Whether a request may become a job, and under which id. Both doors ask here."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from functions.shared.errors import JobIdTaken, ReelwrightError, SourceNotAllowed
from functions.shared.job import JOB_ID, Request, parse_request
from functions.shared.jobs_table import Door, JobError, JobsTable
from functions.shared.reach import NO_WEB
from functions.shared.request.assets import named_assets

_MOST_KEPT = 4096


@dataclass(frozen=True)
class Admitted:
    """A request that is a job. `row`: as it was found; None: it was written now."""

    job_id: str
    request: Request
    row: dict[str, Any] | None


def admit_message(
    message_id: str, body: str, jobs: JobsTable, readable: Collection[str], now: datetime
) -> Admitted | None:
    """Register what a message asks for. None: it can never run; a REJECTED row says why."""
    request = None
    try:
        request = parse_request(body)
        check_source(request, readable)
        return register(job_id_for(request, message_id), request, "queue", jobs, now)
    except ReelwrightError as error:
        refusal = JobError(type(error).__name__, str(error), "Register Job")
        owner = request.owner if request else None
        for own in (wanted_id(body), safe_id(message_id)):
            if own and jobs.reject(own, excerpt(body), refusal, "queue", now, owner):
                break
        return None


def register(job_id: str, request: Request, door: Door, jobs: JobsTable, now: datetime) -> Admitted:
    """Write the job, or find it; JobIdTaken where the id belongs to another request."""
    # Most are there already when they are claimed: to see it costs less than a refused transaction.
    row = jobs.get(job_id) or jobs.register(job_id, request, door, now)
    if row is not None and row.get("request_hash") != request.hash:
        raise JobIdTaken(f"The job id {job_id!r} belongs to another request; choose a new one.")
    return Admitted(job_id, request, row)


def job_id_for(request: Request, fallback: str) -> str:
    """The sender's id, or one made from `fallback` (a message id or an execution name).

    The same fallback always gives the same id, so a repeated delivery finds its own job.
    """
    return request.job_id or safe_id(fallback)


def safe_id(name: str) -> str:
    """`name` if it can be a job id; else its letters and digits with a digest of the whole."""
    if re.fullmatch(JOB_ID, name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return re.sub(r"[^A-Za-z0-9_-]", "", f"job-{name}")[:60] + f"-{digest}"


def wanted_id(text: str) -> str | None:
    """The id a refused request asks for, if it says so legibly: its sender looks there."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    told = body.get("job_id") if isinstance(body, dict) else None
    return told if isinstance(told, str) and re.fullmatch(JOB_ID, told) else None


def check_source(request: Request, readable: Collection[str]) -> None:
    """SourceNotAllowed for the first of the addresses that `refusals` has anything against."""
    for _, said in refusals(request, readable):
        raise SourceNotAllowed(said)


def refusals(request: Request, readable: Collection[str]) -> Iterator[tuple[str, str]]:
    """(field, sentence) of each address, the source's or an asset's, that this job may not read.

    Refused are buckets this stack was not told to read, and its own bucket elsewhere than among the
    uploads of the job's owner. The stack's own bucket comes first in `readable`. With NO_WEB in it
    all of the web is refused, the webhook's address too.
    """
    addresses = [("source", request.source)]
    addresses += [(asset.field, asset.address) for asset in named_assets(request.edit)]
    for field, address in addresses:
        what = "the source" if field == "source" else field
        said = _refusal(what, address, request.owner, readable)
        if said is not None:
            yield field, said
    if NO_WEB in readable and request.notify and request.notify.webhook_url:
        yield "notify.webhook_url", _OUT_OF_REACH.format("notify.webhook_url")


def _refusal(what: str, address: str, owner: str | None, readable: Collection[str]) -> str | None:
    url = urlsplit(address)
    if url.scheme != "s3":
        return _OUT_OF_REACH.format(what) if NO_WEB in readable else None
    own = next(iter(readable), "…")
    if url.netloc not in readable:
        return (
            f"The bucket {url.netloc!r} of {what} is not one this stack reads; upload to "
            f"s3://{own}/uploads/… or add it to the stage's source_buckets."
        )
    uploads = "uploads/" if owner is None else f"uploads/{owner}/"
    key = address.split("/", 3)[3]
    if url.netloc == own and (not key.startswith(uploads) or _has_dots(key)):
        subject = what.replace("the source", "The source")
        return f"{subject} is not one of the uploads this job may read: s3://{own}/{uploads}…"
    return None


_OUT_OF_REACH = (
    "{} is on the web, and this stack's functions have no way there; upload the file, take events "
    "from the bus, or set the stage's way_out."
)


def _has_dots(key: str) -> bool:
    """Segments that some HTTP client may resolve, to another key than was checked."""
    return not {".", ".."}.isdisjoint(key.split("/"))


def excerpt(text: str) -> str:
    """As much of a refused request as is kept."""
    return text if len(text) <= _MOST_KEPT else text[:_MOST_KEPT] + "…"
