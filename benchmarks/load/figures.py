"""What a run measured: how soon a free slot is used, jobs a minute, steps of the state machine."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.load.checks import Span, by_key, spans
from benchmarks.load.evidence import Evidence, moment


@dataclass(frozen=True)
class Spread:
    """Of some measurements; `count` says of how many."""

    count: int
    p50: float
    p95: float
    most: float


@dataclass(frozen=True)
class Figures:
    """One run's. Spreads are None where nothing was measured."""

    jobs_per_minute: float
    """Jobs that had a turn, over the time from the first start to the last end."""
    grant_latency_s: Spread | None
    wait_s: Spread | None
    """From Wait For Turn to the state after it."""
    turn_s: Spread | None
    """From the start of a turn to its end."""
    transitions: Spread | None
    """Of the execution that rendered a job, with its chunks' own."""
    transitions_of_repeats: Spread | None
    """Of executions that found their job claimed."""
    asking_s: Spread | None
    """The function that asks for the turn."""


def figures(run: Evidence) -> Figures:
    ran = spans(run.rows)
    rendered = [trace for trace in run.traces if trace.woken_at is not None]
    repeats = [trace for trace in run.traces if trace.woken_at is None]
    waits = [
        (trace.woken_at - trace.waiting_at).total_seconds()
        for trace in rendered
        if trace.woken_at and trace.waiting_at
    ]
    return Figures(
        jobs_per_minute=_a_minute(ran),
        grant_latency_s=spread(grant_latencies(run)),
        wait_s=spread(waits),
        turn_s=spread([(span.end - span.start).total_seconds() for span in ran]),
        transitions=spread([trace.transitions for trace in rendered]),
        transitions_of_repeats=spread([trace.transitions for trace in repeats]),
        asking_s=spread([t.asking_s for t in rendered if t.asking_s is not None]),
    )


def _a_minute(ran: Sequence[Span]) -> float:
    if not ran:
        return 0.0
    took = max(span.end for span in ran) - min(span.start for span in ran)
    return round(len(ran) * 60 / took.total_seconds(), 1)


def grant_latencies(run: Evidence) -> list[float]:
    """Seconds from the end of the job that made room to the first state after the next one's wait.

    The k-th job to be woken has its slot from the (k - ceiling)-th to end, and may not go before
    the one ahead of it in its lane has ended. A job that found room when it asked is not counted.
    """
    woken = sorted(
        (trace.woken_at, trace.waiting_at, trace.job_id or "")
        for trace in run.traces
        if trace.woken_at and trace.waiting_at
    )
    ends = sorted(span.end for span in spans(run.rows))
    ahead = _ahead(run)
    found = []
    for number, (woken_at, waiting_at, job_id) in enumerate(woken):
        room = [ends[number - run.ceiling]] if number >= run.ceiling else []
        before = run.rows.get(ahead.get(job_id, ""))
        room += [moment(before["finished_at"])] if before else []
        if room and max(room) > waiting_at:
            found.append((woken_at - max(room)).total_seconds())
    return found


def _ahead(run: Evidence) -> dict[str, str]:
    """Job → the job before it in its lane."""
    had_turn = {trace.job_id for trace in run.traces if trace.woken_at is not None}
    found: dict[str, str] = {}
    for jobs in by_key(run.sent).values():
        lane = [job_id for job_id in jobs if job_id in had_turn]
        found |= dict(zip(lane[1:], lane, strict=False))
    return found


def spread(values: Sequence[float]) -> Spread | None:
    """By nearest rank: each figure is one that was measured."""
    if not values:
        return None
    ranked = sorted(values)
    p50, p95 = (ranked[math.ceil(len(ranked) * share) - 1] for share in (0.5, 0.95))
    return Spread(len(ranked), round(p50, 3), round(p95, 3), round(ranked[-1], 3))
