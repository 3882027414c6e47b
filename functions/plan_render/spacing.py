"""Frames spread evenly over the timeline."""

import math
from fractions import Fraction

from functions.shared.errors import InvalidRequest
from functions.shared.plan import Video
from functions.shared.request.snapshot import MOST_PICTURES


def centres(count: int, total: int) -> list[int]:
    """Of equal parts; fewer where there are fewer frames."""
    return list(dict.fromkeys((2 * i + 1) * total // (2 * count) for i in range(count)))


def every(step_s: Fraction, video: Video, path: str) -> list[int]:
    """At 0 and each `step_s`. Raises InvalidRequest where they are too many."""
    length_s = video.total_frames / video.rate
    count = math.ceil(length_s / step_s)
    if count > MOST_PICTURES:
        raise InvalidRequest(
            f"{path}: {float(step_s):g} s over {float(length_s):.1f} s are {count} pictures;"
            f" {MOST_PICTURES} are allowed."
        )
    frames = (
        min(video.total_frames - 1, math.floor(i * step_s * video.rate)) for i in range(count)
    )
    return list(dict.fromkeys(frames))
