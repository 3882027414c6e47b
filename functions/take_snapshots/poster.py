"""Chooses the frame a video shows best by: not dark, not blank, not blurred."""

import math
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from functions.shared.errors import SourceTruncated
from functions.shared.media_store import Keys, poster_name
from functions.shared.plan import PosterChoice
from functions.take_snapshots.coding import raw
from functions.take_snapshots.pictures import take_picture
from functions.take_snapshots.shooting import Shoot, at_once, shoot

_LOOKED_AT_WIDTH = 160
_DARK, _BRIGHT = 24, 232
_FLAT = 10
"""Of the brightness's deviation: a title's background, a wall, fog."""


@dataclass(frozen=True, order=True)
class Looks:
    """How good a picture is; better ones are greater."""

    is_clear: bool
    """Neither dark nor bright nor flat."""
    score: float


def take_poster(by: Shoot, choice: PosterChoice) -> int:
    """Measure all frames, take the best in every size; returns how many files that makes."""
    keys, wanted = Keys(by.plan.job_id), by.wanted
    frame = choice.frames[0]
    places = {width: poster_name(width, wanted.format) for width, _ in wanted.sizes}
    if by.is_made([keys.snapshot_part(name) for name in places.values()]):
        return len(places)
    if len(choice.frames) > 1:
        frame = best_frame(by, choice)
    take_picture(
        by,
        frame,
        lambda width: keys.snapshot_part(places[width]),
        accuracy=wanted.accuracy,
        what="the poster",
    )
    return len(places)


def best_frame(by: Shoot, choice: PosterChoice) -> int:
    """The first of the best. Raises SourceTruncated where the source has none of them."""
    width, height = by.wanted.sizes[-1]
    size = (_LOOKED_AT_WIDTH, max(3, round(_LOOKED_AT_WIDTH * height / width)))
    with tempfile.TemporaryDirectory(prefix="poster-") as folder, at_once() as threads:

        def look(frame: int) -> Looks | None:
            target = raw(size, "gray", Path(folder) / f"{frame}.gray")
            try:
                shoot(by, frame, [target], accuracy=by.wanted.accuracy, what="the poster")
            except SourceTruncated:
                return None
            return looks(target.file.read_bytes(), *size)

        seen = dict(zip(choice.frames, threads.map(look, choice.frames), strict=True))
    there = {frame: one for frame, one in seen.items() if one is not None}
    return max(there, key=lambda frame: (there[frame], -frame), default=choice.frames[0])


def looks(luma: bytes, width: int, height: int) -> Looks:
    """Of gray samples, row by row: sharpness by what the Laplacian leaves, variety by entropy.

    A blurred picture has the brightness of a sharp one and next to no edges; noise has edges and
    little else, so edges count by their logarithm.
    """
    mean = sum(luma) / len(luma)
    deviation = math.sqrt(sum((sample - mean) ** 2 for sample in luma) / len(luma))
    entropy = -sum(
        count / len(luma) * math.log2(count / len(luma)) for count in Counter(luma).values()
    )
    edges = [
        4 * luma[at] - luma[at - 1] - luma[at + 1] - luma[at - width] - luma[at + width]
        for row in range(1, height - 1)
        for at in range(row * width + 1, (row + 1) * width - 1)
    ]
    sharpness = math.log2(1 + sum(edge * edge for edge in edges) / len(edges))
    return Looks(
        is_clear=_DARK <= mean <= _BRIGHT and deviation >= _FLAT,
        score=round(entropy + sharpness, 6),
    )
