"""A run as text: a line for each lane, waiting and rendering over time."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.load.checks import Span, by_key, spans
from benchmarks.load.evidence import Evidence, Row, moment

_LABEL = 9
_HALF = 0.5


@dataclass(frozen=True)
class Signs:
    """What stands for a stretch of time."""

    waiting: str
    some: str
    """Rendering for less than half of it."""
    rendering: str


BLOCKS = Signs("░", "▒", "█")
LETTERS = Signs(".", "+", "#")


def timeline(run: Evidence, signs: Signs, columns: int = 100) -> list[str]:
    """Lines of at most `columns` characters. The last counts how many rendered at once."""
    lanes = _lanes(run)
    rows = {job_id: run.rows[job_id] for jobs in lanes.values() for job_id in jobs}
    if not rows:
        return []
    begin = min(moment(row["created_at"]) for row in rows.values())
    end = max(moment(row["finished_at"]) for row in rows.values())
    cells = columns - _LABEL
    step = max((end - begin) / cells, timedelta(milliseconds=1))
    edges = [(begin + step * cell, begin + step * (cell + 1)) for cell in range(cells)]
    lines = [
        f"{lane:{_LABEL}}" + "".join(_sign([rows[j] for j in jobs], edge, signs) for edge in edges)
        for lane, jobs in lanes.items()
    ]
    ran = spans(rows)
    at_once = "".join(_digit(most_at_once(ran, *edge)) for edge in edges)
    scale = f"{'':{_LABEL}}0 s".ljust(columns - 6) + f"{(end - begin).total_seconds():.0f} s".rjust(
        6
    )
    return [scale, *lines, f"{'at once':{_LABEL}}{at_once}"]


def most_at_once(ran: Sequence[Span], start: datetime, end: datetime) -> int:
    """The most jobs that rendered at one moment of a stretch of time."""
    inside = [span for span in ran if span.start < end and span.end > start]
    moments = [start, *(span.start for span in inside if span.start > start)]
    return max(sum(1 for s in inside if s.start <= at < s.end) for at in moments)


def _lanes(run: Evidence) -> dict[str, list[str]]:
    """Lane → its jobs that had a turn and have ended. Jobs without a key share a line."""
    had_turn = {span.job_id for span in spans(run.rows)}
    keyless = [one.job_id for one in run.sent if one.message.order_key is None]
    lanes = {**by_key(run.sent), "no key": list(dict.fromkeys(keyless))}
    return {
        lane: ended
        for lane, jobs in lanes.items()
        if (ended := [job_id for job_id in jobs if job_id in had_turn])
    }


def _sign(jobs: Sequence[Row], edge: tuple[datetime, datetime], signs: Signs) -> str:
    start, end = edge
    rendered = timedelta()
    is_waiting = False
    for row in jobs:
        created, started, ended = (
            moment(row[name]) for name in ("created_at", "started_at", "finished_at")
        )
        rendered += max(timedelta(), min(ended, end) - max(started, start))
        is_waiting |= created < end and started > start
    if rendered >= (end - start) * _HALF:
        return signs.rendering
    if rendered:
        return signs.some
    return signs.waiting if is_waiting else " "


def _digit(number: int) -> str:
    """One character: after 9 comes A, after Z a plus."""
    return " " if number == 0 else (f"{string.digits}{string.ascii_uppercase}+")[min(number, 36)]
