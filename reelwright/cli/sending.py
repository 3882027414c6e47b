"""A job from its source to its files: checked, uploaded, sent, followed, fetched."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

from functions.shared.faults import faults, sentence
from functions.shared.job import JobRequest
from functions.shared.job_view import JobView
from reelwright.cli import results
from reelwright.cli.exits import ENDS, Exit
from reelwright.cli.given import Given
from reelwright.cli.progress import Progress
from reelwright.cli.watching import Watch
from reelwright.errors import InvalidRequestError, NotFoundError, TransferError

if TYPE_CHECKING:
    from reelwright.client import Client

_ANY_SOURCE = "s3://any/source"
"""Stands for a file that is not uploaded yet."""


class Sending:
    """One job, from the command line's words. `request` lacks its source."""

    def __init__(
        self,
        given: Given,
        source: str,
        request: Mapping[str, Any],
        output: Path | None,
        key: str | None,
    ) -> None:
        self._given = given
        self._request = request
        self._source = source
        self._file = None if "://" in source else Path(source)
        self._key = key
        self._place = results.Place(output, _stem(source))
        self._output = given.output
        self._progress = Progress(self._output.errors, quiet=given.as_json)

    def run(self, *, wait: bool) -> Exit:
        # What is wrong with it is said before gigabytes are uploaded.
        checked = _checked({**self._request, "source": _ANY_SOURCE if self._file else self._source})
        self._place.check(checked)
        if self._file is not None and not self._file.is_file():
            raise NotFoundError(f"There is no file {self._file}.", "check the path")
        client = self._given.client()
        job = client.submit(
            {**self._request, "source": self._upload(client)}, idempotency_key=self._key
        )
        if not wait:
            return self._sent(job)
        job = Watch(client, self._progress, self._output).follow(job.job_id)
        return finish(client, job, self._place, self._given, self._progress)

    def _upload(self, client: "Client") -> str:
        if self._file is None:
            return self._source
        size_bytes = self._file.stat().st_size
        try:
            with self._progress.transfer("uploading", size_bytes) as told:
                return client.upload(self._file, told)
        except KeyboardInterrupt:
            self._output.said("Stopped before a job was sent.")
            raise typer.Abort from None

    def _sent(self, job: JobView) -> Exit:
        if self._given.as_json:
            self._output.document(shown(job, []))
        else:
            self._output.line(job.job_id)
            self._output.said(f"Sent. Follow it: `reelwright job {job.job_id} --watch`")
        return Exit.DONE


def finish(
    client: "Client", job: JobView, place: results.Place, given: Given, progress: Progress
) -> Exit:
    """Fetch what an ended job made, if it made anything, and tell how it ended."""
    output = given.output
    files: list[results.File] = []
    if job.status == "COMPLETE":
        again = f"the job is COMPLETE: fetch its files by `reelwright job {job.job_id} -o OUT`"
        try:
            files = results.fetch(client, job, place, progress)
        except TransferError as fault:
            raise TransferError(str(fault), again) from fault
        except KeyboardInterrupt:
            output.said(f"Stopped; {again}")
            raise typer.Abort from None
    if given.as_json:
        output.document(shown(job, files))
    elif job.status == "COMPLETE":
        for line in results.told(job, files):
            output.line(line)
    if job.status != "COMPLETE":
        output.said(failure(job))
    return ENDS[job.status]


def shown(job: JobView, files: list[results.File]) -> dict[str, Any]:
    """For --json: the job as the API shows it, and where its files were put."""
    made = [{"path": str(file.path), "key": file.made.key} for file in files]
    return {**job.model_dump(mode="json"), "files": made}


def failure(job: JobView) -> str:
    """In one line, how a job ended that made nothing, and what to look at next."""
    error = job.error
    if job.status == "CANCELLED" or error is None:
        return f"reelwright: Job {job.job_id} is {job.status}"
    said = " ".join(error.message.split()).removesuffix(".")
    return (
        f"reelwright: Job {job.job_id} is {job.status}: {error.name}: {said}; "
        f"see `reelwright logs {job.job_id}`"
    )


def _checked(request: Mapping[str, Any]) -> JobRequest:
    import json

    try:
        return JobRequest.model_validate_json(json.dumps(request))
    except ValidationError as error:
        raise InvalidRequestError(sentence(faults(error, JobRequest)), "see docs/job.md") from None


def _stem(source: str) -> str:
    """What the source is called, for the folder its results are put into."""
    path = source.partition("://")[2].partition("?")[0] if "://" in source else source
    return Path(path).stem or "job"
