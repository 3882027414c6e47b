"""What must hold of a round of a soak, with all the faults in it, and of the whole soak."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.load import checks
from benchmarks.load.evidence import Evidence, Sent
from benchmarks.load.messages import ORDER_KEYS
from benchmarks.soak.census import Census
from benchmarks.soak.growth import Series
from benchmarks.soak.ways import STARTED, WAYS

_STOPPED = "EmbeddedAwsStopped"
_LISTED = 5
_KEPT_MB = 0.3


@dataclass(frozen=True)
class Disturbed:
    """What was done to jobs of a round."""

    cancelled: Mapping[str, bool | None]
    """Job → what its cancelling was answered; None: nothing, so it may be cancelled or not."""
    stopped: AbstractSet[str]
    """Jobs that had not ended when the engine was stopped."""


def broken_promises(run: Evidence, disturbed: Disturbed) -> list[str]:
    """One line each; none if all was as promised."""
    run = replace(run, sent=[_as_disturbed(one, run, disturbed) for one in run.sent])
    ended_alone = [one for one in run.sent if not _was_broken_off(one)]
    return [
        *checks.lost(run.sent, run.rows),
        *checks.wrong_ends(run.sent, run.rows),
        *checks.over_ceiling(checks.spans(run.rows), run.ceiling),
        *checks.seen_over_ceiling(run.samples, run.ceiling),
        *checks.out_of_order(run.sent, run.rows),
        *checks.done_twice(replace(run, sent=ended_alone, results=_of_counted(run))),
        *_published_all_the_same(run),
        *checks.refused_started(run.sent, run.traces),
        *checks.wrong_media(run),
        *checks.left_over(run.left),
    ]


def _as_disturbed(one: Sent, run: Evidence, disturbed: Disturbed) -> Sent:
    """With the end that this job must have come to, and its place in its lane."""
    row = run.rows.get(one.job_id, {})
    status, error = row.get("status"), row.get("error", {}).get("name")
    message, sequence = one.message, one.sequence
    answered = disturbed.cancelled.get(one.job_id, False)
    if answered or (answered is None and status == "CANCELLED"):
        message = replace(message, end="CANCELLED", error="JobCancelled")
    elif one.job_id in disturbed.stopped and (status, error) == ("FAILED", _STOPPED):
        message = replace(message, end="FAILED", error=_STOPPED)
    if (message.order_key or "").startswith(STARTED) and "sequence" in row:
        sequence = int(row["sequence"])
    return replace(one, message=message, sequence=sequence)


def _of_counted(run: Evidence) -> dict[str, Any]:
    """Results whose files are all outputs and pictures: not those of streams and sprites."""
    varied = {one.job_id for one in run.sent if one.message.kind == "varied"}
    return {job_id: told for job_id, told in run.results.items() if job_id not in varied}


def _was_broken_off(one: Sent) -> bool:
    return one.message.error in {"JobCancelled", _STOPPED}


def _published_all_the_same(run: Evidence) -> Iterator[str]:
    """A job that was stopped while it published may leave its files: they are whole, and starting
    it again completes it (docs/operations.md). One that was cancelled leaves none."""
    for one in run.sent:
        if one.message.end == "CANCELLED" and run.published.get(one.job_id):
            yield f"Once: {one.job_id} (CANCELLED) has published files."


def left_behind(found: Census) -> Iterator[str]:
    """What is there at rest and belongs to nothing."""
    kept = {"rows": found.rows, "objects": found.objects, "multipart uploads": found.uploads}
    for what, names in kept.items():
        if names:
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            shown = ", ".join(sorted(names)[:_LISTED])
            yield f"Left: {len(names)} {what} belong to no job: {shown}{more}."
    if found.counters > WAYS * len(ORDER_KEYS):
        yield f"Left: {found.counters} lanes keep a count, of {WAYS * len(ORDER_KEYS)} there are."
    if found.others:
        yield f"Left: {found.others} processes run beside the engine and its functions."
    if found.messages:
        yield f"Left: the queues hold {found.messages} messages."


def series(found: Sequence[Census]) -> list[Series]:
    """What may not grow, of the moments of rest after the warm-up.

    The engine keeps each execution's history, as AWS does for 90 days: what it may grow by a job is
    that. Functions' processes stay warm for five minutes; each has one file, and five open
    ones and three threads of the engine, whose own threads are made when first needed.
    """

    def of(name: str, unit: str, values: Sequence[float], **more: float) -> Series:
        return Series(name, unit, [one.ended for one in found], values, **more)

    return [
        of("engine memory", "MB", [one.engine_mb for one in found], noise=20, limit=_KEPT_MB),
        of("memory of a function", "MB", [one.worker_mb for one in found], noise=6),
        of("functions' processes", "", [one.workers for one in found], noise=15),
        of("engine threads", "", [one.threads for one in found], noise=50),
        of("engine open files", "", [one.handles for one in found], noise=100),
        of("temporary files", "", [one.temporary - one.workers for one in found], noise=5),
    ]


def growths(measured: Sequence[Series]) -> list[str]:
    """One line for each that grew, or that could not be judged."""
    return [line for one in measured if (line := one.growth())]
