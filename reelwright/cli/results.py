"""Where a job's files are put, and fetching them there."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import typer

from functions.shared.containers import Container, suffix
from functions.shared.job import JobRequest
from functions.shared.job_view import JobView, OutputView, SnapshotView
from reelwright.cli.description import facts

if TYPE_CHECKING:
    from reelwright.cli.progress import Progress
    from reelwright.client import Client

_NAMES_A_FILE = frozenset({".jpeg", ".avif", *(f".{suffix(one)}" for one in get_args(Container))})
_PARALLEL = 4
Made = OutputView | SnapshotView


@dataclass(frozen=True)
class File:
    """A file of a job, and where it is here."""

    made: Made
    path: Path


class _Abandoned(Exception):  # noqa: N818 - no fault: another file failed, or the user stopped
    pass


class Place:
    """Where files go: `output` is a folder or the one file's name; without it, a new folder."""

    def __init__(self, output: Path | None, stem: str) -> None:
        self._output = output
        self._stem = stem

    @property
    def _is_file(self) -> bool:
        output = self._output
        return output is not None and output.suffix in _NAMES_A_FILE and not output.is_dir()

    def check(self, request: JobRequest) -> None:
        """Refuse a file's name for several files, before anything is sent."""
        wanted = request.render.outputs if request.render else ()
        pictures = request.snapshots
        is_single = len(wanted) == 1
        if not wanted and pictures is not None:
            is_single = pictures.most_files == 1
        if self._is_file and not is_single:
            raise _not_a_folder(self._output)

    def files(self, job: JobView) -> list[File]:
        """Pictures beside a single video go into a folder of their own."""
        if not self._is_file or self._output is None:
            folder = self._output or Path(f"{self._stem}-{job.job_id[:8]}")
            return [File(made, folder / _below(made.key)) for made in _made(job)]
        first, *others = _made(job)
        if job.outputs[1:] or (others and not job.outputs):
            raise _not_a_folder(self._output)
        beside = self._output.with_name(f"{self._output.stem}-snapshots")
        pictures = [File(made, beside / Path(made.key).name) for made in others]
        return [File(first, self._output), *pictures]


def fetch(client: "Client", job: JobView, place: Place, progress: "Progress") -> list[File]:
    """All files of a COMPLETE job, several at a time."""
    files = place.files(job)
    stopped = threading.Event()
    total_bytes = sum(file.made.size_bytes for file in files)
    with progress.transfer("downloading", total_bytes) as told, ThreadPoolExecutor(_PARALLEL) as do:

        def count(more_bytes: int) -> None:
            if stopped.is_set():
                raise _Abandoned
            told(more_bytes)

        fetched = [do.submit(client.download, job, one.made, one.path, count) for one in files]
        try:
            for one in fetched:
                one.result()
        except BaseException:
            # Ctrl-C, or a file that can't be had: the others have no purpose.
            stopped.set()
            do.shutdown(cancel_futures=True)
            raise
    return files


def told(job: JobView, files: list[File]) -> Iterator[str]:
    """What a person wants to know of a COMPLETE job: how fast it was, and where its files are."""
    if job.started_at and job.finished_at:
        took_s = (job.finished_at - job.started_at).total_seconds()
        speed = f", {job.duration_s / took_s:.1f}×" if job.duration_s and took_s else ""
        seconds = f"{job.duration_s:,.1f} s of video in " if job.duration_s else ""
        cost = f", {job.cost_usd:.4f} USD at list prices" if job.cost_usd is not None else ""
        yield f"Job {job.job_id} is COMPLETE: {seconds}{took_s:,.1f} s{speed}{cost}"
    for file in files:
        yield f"{file.path}  {facts(file.made)}"
    for stream in job.streams:
        rungs = ", ".join(f"{rung.name} {rung.mean_kbps:,} kb/s" for rung in stream.rungs)
        yield f"Stream {stream.name} ({rungs}), in the media bucket:"
        yield from (f"  {playlist.key}" for playlist in stream.playlists)
    yield from job.notes


def _made(job: JobView) -> list[Made]:
    return [*job.outputs, *job.snapshots]


def _below(key: str) -> Path:
    """`jobs/{job_id}/out/snapshots/00000-320.jpg` is `snapshots/00000-320.jpg` here."""
    return Path(key.partition("/out/")[2])


def _not_a_folder(output: Path | None) -> typer.BadParameter:
    return typer.BadParameter(f"{output} names one file and the job makes several: name a folder")
