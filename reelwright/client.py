"""The client: jobs of one stack, over its HTTP API, as one caller (docs/python-client.md)."""

import math
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from functions.shared.job import JobRequest
from functions.shared.job_rows import TERMINAL
from functions.shared.job_view import JobSummary, JobView, OutputView, SnapshotView
from reelwright import uploads
from reelwright.downloads import Download
from reelwright.errors import (
    BusyError,
    JobTimeoutError,
    NotFoundError,
    TransferError,
    UnreachableError,
)
from reelwright.retries import Retries
from reelwright.stacks import Stack
from reelwright.transport import FixedToken, Tokens, Transport
from reelwright.uploads import OnBytes

_PAGE = 100
_FIRST_POLL_S = 0.3
_LONGEST_POLL_S = 5.0
_SLOWER = 1.3
_PATIENCE_S = 300.0
"""In an account with room for few functions the API waits for it as chunks do. The job goes on."""
V = TypeVar("V", bound=BaseModel)


class Client:
    """What one caller may do with jobs. Errors are those of reelwright.errors.

    Calls are tried again where another try may help; submitting twice makes one job.
    """

    def __init__(
        self, api_url: str, tokens: Tokens | str, *, retries: Retries | None = None
    ) -> None:
        """`tokens`: an access token of the stack's user pool, or what gives out such tokens."""
        given = FixedToken(tokens) if isinstance(tokens, str) else tokens
        self._transport = Transport(api_url, given, retries)

    @classmethod
    def of_stack(cls, stack: str, *, profile: str | None = None, region: str | None = None) -> Self:
        """A stack on AWS, as whoever signed in by `reelwright login --stack …` on this machine."""
        found = Stack.on_aws(stack, profile=profile, region=region)
        return cls(found.api_url, found.tokens())

    @classmethod
    def embedded(cls, home: Path | None = None) -> Self:
        """The embedded AWS that is up, as a user made for it. `home` is its folder."""
        found = Stack.embedded(home)
        return cls(found.api_url, found.tokens())

    def submit(
        self, request: JobRequest | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> JobView:
        """Send a job. Under a key that was used before, the job it was used for.

        ConflictError: it was used for another request. InvalidRequestError says what is wrong.
        """
        body = (
            request.model_dump(mode="json", exclude_defaults=True)
            if isinstance(request, JobRequest)
            else request
        )
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        return _read(JobView, self._transport.call("POST", "/jobs", body=body, headers=headers))

    def job(self, job_id: str) -> JobView:
        """A job as it is now, with addresses of its files that last a quarter of an hour."""
        return _read(JobView, self._transport.call("GET", _path(job_id)))

    def jobs(
        self, *, status: str | None = None, order_key: str | None = None, limit: int | None = None
    ) -> Iterator[JobSummary]:
        """The caller's jobs, newest first; an operator's list is everybody's."""
        query = {"status": status, "order_key": order_key}
        asked = {name: value for name, value in query.items() if value is not None}
        left, cursor = limit, None
        while left is None or left > 0:
            page = self._transport.call(
                "GET",
                "/jobs",
                query=asked
                | {"limit": str(min(left or _PAGE, _PAGE))}
                | ({"cursor": cursor} if cursor else {}),
            )
            found = [_read(JobSummary, one) for one in page["jobs"]][:left]
            yield from found
            left = None if left is None else left - len(found)
            cursor = page.get("cursor")
            if not cursor:
                return

    def cancel(self, job_id: str) -> JobView:
        """Cancel a job; its end may come a moment later.

        ConflictError: it has ended otherwise, or is being published.
        """
        return _read(JobView, self._transport.call("DELETE", _path(job_id)))

    def watch(self, job_id: str, *, each_look: bool = False) -> Iterator[JobView]:
        """The job now, after each change, and last when it has ended.

        `each_look`: also while only the time left changes.
        """
        seen = None
        for now in self._looks(job_id):
            if each_look or _lasting(now) != seen:
                seen = _lasting(now)
                yield now

    def wait(self, job_id: str, timeout_s: float | None = None) -> JobView:
        """The job once it has ended, however it did. JobTimeoutError: not within `timeout_s`."""
        for now in self._looks(job_id, timeout_s):
            if now.status in TERMINAL:
                return now
        raise JobTimeoutError(f"Job {job_id} has not ended after {timeout_s} s.", "it goes on")

    def _looks(self, job_id: str, timeout_s: float | None = None) -> Iterator[JobView]:
        """Less and less often while nothing changes; until the end, or the time is over."""
        ends_at = math.inf if timeout_s is None else time.monotonic() + timeout_s
        seen, poll_s = None, _FIRST_POLL_S
        now = self.job(job_id)
        while True:
            yield now
            left_s = ends_at - time.monotonic()
            if now.status in TERMINAL or left_s <= 0:
                return
            if _lasting(now) != seen:
                seen, poll_s = _lasting(now), _FIRST_POLL_S
            time.sleep(min(poll_s, left_s))
            poll_s = min(poll_s * _SLOWER, _LONGEST_POLL_S)
            now = self._look_again(job_id, min(ends_at, time.monotonic() + _PATIENCE_S))

    def _look_again(self, job_id: str, until_s: float) -> JobView:
        """The job, however busy its API is meanwhile."""
        while True:
            try:
                return self.job(job_id)
            except BusyError:
                if time.monotonic() >= until_s:
                    raise
                time.sleep(_FIRST_POLL_S)

    def upload(self, file: Path, on_bytes: OnBytes = lambda _: None) -> str:
        """Put a local file where the stack may read it: the s3:// URL to name as `source`."""
        if not file.is_file():
            raise NotFoundError(f"There is no file {file}.")
        try:
            return uploads.send(self._transport, file, on_bytes)
        except OSError as fault:
            raise TransferError(f"{file} can't be read ({fault.strerror or fault}).") from fault

    def download(
        self,
        job: JobView,
        made: OutputView | SnapshotView,
        to: Path,
        on_bytes: OnBytes = lambda _: None,
    ) -> Path:
        """Fetch a file of the job to the path `to`, which is replaced when all of it is there."""
        addresses = iter([made.url])

        def address() -> str:
            # The first is at hand; later ones are asked for, as addresses expire.
            url = next(addresses, None) or _url(self.job(job.job_id), made.key)
            if url is None:
                raise NotFoundError(f"Job {job.job_id} has no file {made.key} any more.")
            return url

        transport = self._transport
        fetched = Download(transport.session, transport.retries, address, made.size_bytes, on_bytes)
        return fetched.to(to)


def _path(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"


def _url(job: JobView, key: str) -> str | None:
    made: list[OutputView | SnapshotView] = [*job.outputs, *job.snapshots]
    return next((one.url for one in made if one.key == key), None)


def _lasting(job: JobView) -> JobView:
    """Without what differs in each answer: times left and presigned addresses."""
    return job.model_copy(update={"eta_s": None, "outputs": (), "snapshots": ()})


def _read(model: type[V], content: Any) -> V:
    """An answer as a model. Fields that a newer API has beside the known ones are left out."""
    try:
        return model.model_validate(content, extra="ignore")
    except ValidationError as fault:
        raise UnreachableError(
            f"The API answers what this client can't read: {fault.errors()[0]['loc']}.",
            "bring the client and the stack to the same version",
        ) from fault
