"""Lays the job's clips on the output grid."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from functions.plan_render.source.facts import Probe
from functions.shared.errors import ClipOutsideSource, InvalidRequest
from functions.shared.plan import Clip, Clock
from functions.shared.request import edit as asked

NOMINAL_RATE = Fraction(25)
"""The grid's rate where there are no pictures: it then only counts time."""
_HALF = Fraction(1, 2)
_LIES_S = Fraction(1, 2)
"""How far a clip may reach past the source's end: its length is not known better."""


def source_rate(probe: Probe) -> Fraction:
    return probe.video.rate if probe.video else NOMINAL_RATE


def source_end_s(probe: Probe, clock: Clock) -> Fraction:
    """Where the source ends, on the job's clock."""
    ends = [probe.video.end_s] if probe.video else [probe.audio.end_s] if probe.audio else []
    if not ends or ends[0] is None:
        raise InvalidRequest("The source's sound does not say how long it is.")
    return ends[0] - clock.zero_s


def exact(value: float) -> Fraction:
    """The decimal number that was written: 1.3 is 13/10, which no float is."""
    return Fraction(repr(value))


def clips(
    wanted: Sequence[asked.Clip], probe: Probe, clock: Clock, rate: Fraction
) -> Iterator[Clip]:
    """The clips on the grid; none where none were asked for. Raises ClipOutsideSource."""
    end_s, first_frame = source_end_s(probe, clock), 0
    for number, one in enumerate(wanted):
        start_s = _edge_s(one.start_s, one.start_frame, probe) or Fraction(0)
        stop_s = _edge_s(one.end_s, one.end_frame, probe)
        if start_s >= end_s or (stop_s is not None and stop_s > end_s + _LIES_S):
            raise ClipOutsideSource(
                f"edit.clips.{number}: {float(start_s):g} s to"
                f" {'the end' if stop_s is None else f'{float(stop_s):g} s'} is not within the"
                f" source, which is {float(end_s):.3f} s long."
            )
        runs_out = stop_s is None or stop_s > end_s
        until_s = end_s if stop_s is None or runs_out else stop_s
        if until_s <= start_s:
            raise InvalidRequest(f"edit.clips.{number}: its end is not after its start.")
        speed = exact(one.speed)
        frames = max(1, math.floor((until_s - start_s) / speed * rate + _HALF))
        yield Clip(
            first_frame=first_frame,
            frames=frames,
            start_s=start_s,
            speed=speed,
            open_ended=runs_out,
        )
        first_frame += frames


def _edge_s(seconds: float | None, frame: int | None, probe: Probe) -> Fraction | None:
    if frame is not None:
        return frame / source_rate(probe)
    return None if seconds is None else exact(seconds)
