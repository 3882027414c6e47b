"""Which frames are taken as pictures."""

import math
from fractions import Fraction

from functions.plan_render.framing import Size
from functions.shared.errors import InvalidRequest, SnapshotOutsideSource
from functions.shared.plan import Snapshots, Video
from functions.shared.request.snapshot import SnapshotRequest

_MOST = 1000


def snapshots(
    asked: SnapshotRequest | None, canvas: Size, video: Video, batch_size: int
) -> Snapshots | None:
    """Pictures never larger than the edited one; sizes that become equal are made once."""
    if asked is None:
        return None
    widths = sorted({min(width, canvas[0]) for width in asked.widths})
    shape = Fraction(canvas[1], canvas[0])
    return Snapshots(
        frames=tuple(snapshot_frames(asked, video)),
        sizes=tuple((width, max(1, round(width * shape))) for width in widths),
        format=asked.format,
        batch_size=batch_size,
    )


def snapshot_frames(asked: SnapshotRequest, video: Video) -> list[int]:
    """The frames shown at the times wanted; each once, in order of time except for `at_s`."""
    total, rate = video.total_frames, video.rate
    if asked.count is not None:
        centres = ((2 * i + 1) * total // (2 * asked.count) for i in range(asked.count))
        return list(dict.fromkeys(centres))
    if asked.at_s is not None:
        return list(dict.fromkeys(_frame_at(Fraction(at_s), video) for at_s in asked.at_s))
    step_s = Fraction(asked.every_s or 1)
    count = math.ceil(total / rate / step_s)
    if count > _MOST:
        raise InvalidRequest(
            f"snapshots.every_s: {asked.every_s} s over {float(total / rate):.1f} s are {count}"
            f" pictures; {_MOST} are allowed."
        )
    frames = (min(total - 1, math.floor(i * step_s * rate)) for i in range(count))
    return list(dict.fromkeys(frames))


def _frame_at(at_s: Fraction, video: Video) -> int:
    frame = math.floor(at_s * video.rate)
    if not 0 <= frame < video.total_frames:
        raise SnapshotOutsideSource(
            f"snapshots.at_s: {float(at_s):g} s is outside the timeline, which is"
            f" {float(video.total_frames / video.rate):.3f} s long."
        )
    return frame
