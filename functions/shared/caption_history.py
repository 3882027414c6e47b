"""What captions were shown before a chunk, which decides where libass puts those in it.

Captions that overlap in time evade each other: one stays where it was first put, though the other
is gone. So that a chunk that begins among such captions looks as in a render in one piece, libass
is shown the moments before at which anything changed, since captions were last absent.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from functions.shared.plan.overlay import Cue

MOST_MOMENTS = 200
"""Each is a picture more to draw on. Captions that change so often without a pause are signs with
places of their own, which evade nothing."""
_TIME_BASE = 1_000_000
_HALF_MS = 500
"""Libass counts whole milliseconds, and cuts off the rest: half of one more is rounding."""


def burning(filters: str, cues: Sequence[Cue], start_frame: int, rate: Fraction, tag: str) -> str:
    """`filters`, which draw captions, between the conversions they need; an open graph."""
    moments = history(cues, start_frame, rate)
    fine = f"settb=1/{_TIME_BASE},setpts=PTS+{_HALF_MS}"
    coarse = f"setpts=PTS-{_HALF_MS},settb={rate.denominator}/{rate.numerator}"
    if not moments:
        return f"{fine},{filters},{coarse}"
    times = "+".join(
        f"eq(N,{number})*{round(frame / rate * _TIME_BASE) + _HALF_MS}"
        for number, frame in enumerate(moments)
    )
    return (
        f"{fine},split[{tag}now][{tag}first];"
        f"[{tag}first]trim=end_frame=1,loop=loop={len(moments) - 1}:size=1,setpts='{times}'"
        f"[{tag}before];[{tag}before][{tag}now]interleave,{filters},{coarse},"
        f"trim=start_pts={start_frame}"
    )


def history(cues: Sequence[Cue], start_frame: int, rate: Fraction) -> list[int]:
    """The frames before `start_frame` at which captions came or went, since none was shown."""
    moments: set[int] = set()
    for run in _runs(cues):
        first, last = _frame(run[0][0], rate), _frame(max(end for _, end, _ in run), rate)
        if first < start_frame < last:
            changes = {_frame(at, rate) for start, end, _ in run for at in (start, end)}
            # And one later, should rounding have hidden it.
            moments = {frame + late for frame in changes for late in (0, 1)}
    return sorted(frame for frame in moments if frame < start_frame)[-MOST_MOMENTS:]


def _runs(cues: Sequence[Cue]) -> Iterator[list[Cue]]:
    """Captions, by their starts, in runs between which none is shown."""
    run: list[Cue] = []
    until = 0
    for cue in cues:
        if run and cue[0] >= until:
            yield run
            run, until = [], 0
        run.append(cue)
        until = max(until, cue[1])
    if run:
        yield run


def _frame(at_ms: int, rate: Fraction) -> int:
    return math.ceil(at_ms * rate / 1000)
