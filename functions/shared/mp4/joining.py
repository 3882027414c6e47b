"""Lay video parts one behind the other on one frame grid."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add, mul, sub

from functions.shared.errors import PartMismatch
from functions.shared.mp4.track import Track

_MAX_SHIFT = 0x7FFF_FFFF


@dataclass(frozen=True, slots=True)
class JoinedVideo:
    """The samples of all parts in order; sample n decodes at `n * frame_ticks`."""

    frame_ticks: int
    sizes: "array[int]"
    composition: "array[int]"
    """pts - dts, with `delay_ticks` added so that none is negative."""
    sync: "array[int] | None"
    delay_ticks: int
    """The first frame is shown at this tick; the edit list makes it time 0."""
    first: Track
    """The part whose headers the whole takes."""

    @property
    def frames(self) -> int:
        return len(self.sizes)

    @property
    def duration(self) -> int:
        return self.frames * self.frame_ticks


def join_video(parts: Sequence[Track], frame_ticks: int) -> JoinedVideo:
    """Join parts that each passed `check_grid` and share one codec configuration."""
    first = parts[0]
    if any(part.config_sha256 != first.config_sha256 for part in parts):
        raise PartMismatch("has another codec configuration than the parts before it")
    sizes, composition = array("I"), array("i")
    shifts = [_shifts(part, frame_ticks) for part in parts]
    # As far as any part decodes ahead; at least what the parts themselves say, as an encoder's
    # delay can be longer than one part needs.
    delay = max(
        max(part.media_time, -min(shift)) for part, shift in zip(parts, shifts, strict=True)
    )
    if delay + max(map(max, shifts)) > _MAX_SHIFT:
        raise PartMismatch("has frames shown too long after they are decoded")
    for part, shift in zip(parts, shifts, strict=True):
        sizes.extend(part.sizes)
        composition.extend(ticks + delay for ticks in shift)
    return JoinedVideo(frame_ticks, sizes, composition, _key_frames(parts), delay, first)


def _shifts(part: Track, frame_ticks: int) -> "array[int]":
    """How far each frame's time on screen is from its place in decoding order, in ticks."""
    count = len(part.sizes)
    shown = map(add, part.dts, part.composition)
    places = map(mul, range(count), [frame_ticks] * count)
    return array("q", map(sub, map(sub, shown, places), [part.media_time] * count))


def _key_frames(parts: Sequence[Track]) -> "array[int] | None":
    if all(part.sync is None for part in parts):
        return None
    numbers, done = array("I"), 0
    for part in parts:
        in_part = part.sync if part.sync is not None else range(1, len(part.sizes) + 1)
        numbers.extend(done + number for number in in_part)
        done += len(part.sizes)
    return numbers
