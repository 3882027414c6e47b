"""Which frames are taken as pictures."""

import math
import random
from fractions import Fraction

from functions.plan_render.framing import Size
from functions.plan_render.sheets import scene_search, sheets
from functions.plan_render.spacing import centres, every
from functions.plan_render.timeline import exact
from functions.shared.errors import SnapshotOutsideSource
from functions.shared.plan import PosterChoice, Snapshots, ToneMap, Video
from functions.shared.request.snapshot import RandomMoments, SnapshotRequest


def snapshots(
    asked: SnapshotRequest | None,
    canvas: Size,
    video: Video,
    batch_size: int,
    *,
    decoded_pixels: int,
    tone_map: ToneMap | None = None,
) -> Snapshots | None:
    """Pictures never larger than the edited one; sizes that become equal are made once.

    `decoded_pixels` are those of all source frames of the timeline together, which is what looking
    at all of them costs. Raises InvalidRequest, SnapshotOutsideSource.
    """
    if asked is None:
        return None
    widths = sorted({min(width, canvas[0]) for width in asked.widths})
    shape = Fraction(canvas[1], canvas[0])
    return Snapshots(
        frames=tuple(snapshot_frames(asked, video)),
        sizes=tuple((width, max(1, round(width * shape))) for width in widths),
        format=asked.format,
        batch_size=batch_size,
        accuracy=asked.accuracy,
        quality=asked.quality,
        lossless=asked.lossless,
        blurhash=asked.blurhash,
        tone_map=tone_map,
        scenes=scene_search(asked.scenes, video, decoded_pixels) if asked.scenes else None,
        sheets=tuple(sheets(asked, canvas, video, decoded_pixels)),
        poster=PosterChoice(frames=tuple(centres(asked.poster.best_of, video.total_frames)))
        if asked.poster
        else None,
    )


def snapshot_frames(asked: SnapshotRequest, video: Video) -> list[int]:
    """The frames shown at the times wanted; each once, in order of time except for `at_s` and
    `at_percent`. None where scene changes are wanted, which nobody knows yet, or none at all."""
    total = video.total_frames
    if asked.count is not None:
        return centres(asked.count, total)
    if asked.at_s is not None:
        return list(dict.fromkeys(_frame_at(exact(at_s), video) for at_s in asked.at_s))
    if asked.at_percent is not None:
        parts = (exact(percent) / 100 for percent in asked.at_percent)
        return list(dict.fromkeys(min(total - 1, math.floor(part * total)) for part in parts))
    if asked.random is not None:
        return random_frames(asked.random, total)
    if asked.every_s is not None:
        return every(exact(asked.every_s), video, "snapshots.every_s")
    return []


def random_frames(asked: RandomMoments, total: int) -> list[int]:
    """Different frames in order of time. Drawn by `random()` alone, the one method whose numbers
    Python promises never to change."""
    draw = random.Random(asked.seed).random  # noqa: S311 - no secret
    moved: dict[int, int] = {}
    drawn = []
    for last in range(total - 1, max(-1, total - 1 - asked.count), -1):
        place = int(draw() * (last + 1))
        drawn.append(moved.get(place, place))
        moved[place] = moved.get(last, last)
    return sorted(drawn)


def _frame_at(at_s: Fraction, video: Video) -> int:
    frame = math.floor(at_s * video.rate)
    if not 0 <= frame < video.total_frames:
        raise SnapshotOutsideSource(
            f"snapshots.at_s: {float(at_s):g} s is outside the timeline, which is"
            f" {float(video.total_frames / video.rate):.3f} s long."
        )
    return frame
