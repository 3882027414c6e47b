"""A job in words, for people."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeGuard

from rich.text import Text

from functions.shared.bill import Cost
from functions.shared.job_view import ErrorView, JobView, OutputView, SnapshotView
from reelwright.cli import output

_MOST_ITEMS = 3


def described(job: JobView) -> Iterator[Text]:
    """A line for each thing there is to say: a word, then the thing."""
    for name, value in (*_state(job), *_times(job), *_made(job), *_rest(job)):
        yield Text.assemble((f"{name:10} ", "dim"), value)


def facts(made: OutputView | SnapshotView) -> str:
    """Of a file."""
    length = (
        f"{made.duration_s:,.3f} s" if isinstance(made, OutputView) else f"at {made.time_s:,.3f} s"
    )
    size = f"{made.width}x{made.height}, " if made.width else ""
    kind = f"{made.kind.replace('_', ' ')}, " if _is_special(made) else ""
    return f"{kind}{size}{length}, {made.size_bytes:,} bytes"


def spent(cost: Cost) -> str:
    """The sum, and most of what it is made of, the dearest first."""
    items = sorted(dict(cost.items).items(), key=lambda item: item[1], reverse=True)
    most = ", ".join(f"{name.replace('_', ' ')} {usd:.6f}" for name, usd in items[:_MOST_ITEMS])
    note = f" {cost.note}" if cost.note else ""
    return f"{cost.usd:.6f} USD at {cost.region}'s prices of {cost.prices_of}: {most}, …{note}"


def _is_special(made: OutputView | SnapshotView) -> TypeGuard[SnapshotView]:
    return isinstance(made, SnapshotView) and made.kind != "picture"


def _state(job: JobView) -> Iterator[tuple[str, str | Text]]:
    yield "job", job.job_id
    yield "status", output.status(job.status)
    if job.stage != "ended":
        done = job.progress
        chunks = f"{done.chunks_done}/{done.chunks_total} chunks"
        pictures = f"{done.snapshots_done}/{done.snapshots_total} pictures"
        yield "stage", f"{job.stage}, {done.fraction:.0%}: {chunks}, {pictures}"
        if job.eta_s:
            yield "left", f"{job.eta_s:,.0f} s"
    if job.error:
        yield "error", f"{job.error.name}: {job.error.message}{_where(job.error)}"


def _where(error: ErrorView) -> str:
    chunk = f"chunk {error.chunk}" if error.chunk is not None else None
    places = [place for place in (error.state, chunk) if place]
    return f" ({', '.join(places)})" if places else ""


def _times(job: JobView) -> Iterator[tuple[str, str]]:
    moments = {"sent": job.created_at, "started": job.started_at, "ended": job.finished_at}
    for name, moment in moments.items():
        if isinstance(moment, datetime):
            yield name, f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _made(job: JobView) -> Iterator[tuple[str, str]]:
    files: list[OutputView | SnapshotView] = [*job.outputs, *job.snapshots]
    for made in files:
        yield "file", f"{made.key.rsplit('/', 1)[1]}  {facts(made)}"


def _rest(job: JobView) -> Iterator[tuple[str, str]]:
    if job.order_key is not None:
        yield "order key", job.order_key
    for note in job.notes:
        yield "note", note
    if job.cost is not None:
        yield "cost", spent(job.cost)
    if job.webhook_error is not None:
        yield "webhook", job.webhook_error
    yield from job.metadata.items()
    if job.execution_arn is not None:
        yield "execution", job.execution_arn
