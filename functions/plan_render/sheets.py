"""What is made of many frames: sprites, contact sheets, and the search for scene changes.

All that is done to a frame costs by the pixels that have to be decoded for it. One CPU decodes
about 150 million a second (H.264 at 1080p: 70 frames); where all frames of a task would take too
long for its function, only key frames are decoded, and the job's notes say so.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from functions.plan_render.framing import Size, even
from functions.plan_render.source.facts import VideoFacts
from functions.plan_render.spacing import centres, every
from functions.plan_render.timeline import exact
from functions.shared.errors import InvalidRequest
from functions.shared.plan import Accuracy, Clip, ScenePart, SceneSearch, Sheet, Snapshots, Video
from functions.shared.request.snapshot import ContactSheet, Scenes, SnapshotRequest, Sprite

_PART_PIXELS = 15 * 10**9
"""Decoded by one function: 100 s of its 300."""
_SHEET_PIXELS = 2 * _PART_PIXELS
_MOST_PARTS = 20
"""As many as the state machine runs at once."""
_SEEK_S = 4
"""Of video that is decoded for a frame somewhere in it: a second and half a usual GOP."""
_MOST_SHEET_PIXELS = 8192 * 4320
_LABEL_PART = Fraction(1, 9)
"""Of a tile's width."""


def decoded_pixels(facts: VideoFacts, video: Video, laid: Sequence[Clip]) -> int:
    """Of all source frames the timeline shows, in all."""
    shown = sum(clip.frames * clip.speed for clip in laid) if laid else video.total_frames
    return math.ceil(shown / video.rate * facts.rate * facts.coded_pixels)


def scene_search(asked: Scenes, video: Video, decoded_pixels: int) -> SceneSearch:
    """The timeline in as many parts as it takes."""
    keys_only = decoded_pixels > _MOST_PARTS * _PART_PIXELS
    wanted = _MOST_PARTS if keys_only else math.ceil(decoded_pixels / _PART_PIXELS)
    count = max(1, min(wanted, video.total_frames))
    edges = [i * video.total_frames // count for i in range(count + 1)]
    return SceneSearch(
        most=asked.most,
        threshold=asked.threshold,
        min_gap_frames=math.ceil(exact(asked.min_gap_s) * video.rate),
        keys_only=keys_only,
        parts=tuple(
            ScenePart(index=i, start_frame=a, end_frame=b)
            for i, (a, b) in enumerate(itertools.pairwise(edges))
        ),
    )


def sheets(
    asked: SnapshotRequest, canvas: Size, video: Video, decoded_pixels: int
) -> Iterator[Sheet]:
    """Raises InvalidRequest where a sheet would be too large."""
    frame_pixels = Fraction(decoded_pixels, video.total_frames)
    if asked.sprite is not None:
        yield from _sprite(asked.sprite, asked.accuracy, canvas, video, frame_pixels)
    if asked.contact_sheet is not None:
        yield _contact_sheet(asked.contact_sheet, asked.accuracy, canvas, video, frame_pixels)


def _sprite(
    asked: Sprite, accuracy: Accuracy, canvas: Size, video: Video, frame_pixels: Fraction
) -> Iterator[Sheet]:
    if asked.every_s is not None:
        frames = every(exact(asked.every_s), video, "snapshots.sprite.every_s")
        starts = frames
    else:
        count = min(asked.count or 1, video.total_frames)
        frames = centres(count, video.total_frames)
        starts = [i * video.total_frames // count for i in range(count)]
    tile = _tile(asked.width, canvas)
    room = asked.columns * asked.rows
    _check_size("snapshots.sprite", (asked.columns, asked.rows), tile)
    for index, first in enumerate(range(0, len(frames), room)):
        own = frames[first : first + room]
        yield Sheet(
            name=f"sprite-{index:03}",
            kind="sprite",
            frames=tuple(own),
            starts=tuple(starts[first : first + room]),
            columns=min(asked.columns, len(own)),
            rows=-(-len(own) // asked.columns),
            tile=tile,
            accuracy=_affordable(accuracy, own, video, frame_pixels),
        )


def _contact_sheet(
    asked: ContactSheet, accuracy: Accuracy, canvas: Size, video: Video, frame_pixels: Fraction
) -> Sheet:
    frames = centres(asked.columns * asked.rows, video.total_frames)
    tile = _tile(asked.width, canvas)
    label = even(tile[0] * _LABEL_PART) if asked.times else 0
    _check_size("snapshots.contact_sheet", (asked.columns, asked.rows), (tile[0], tile[1] + label))
    return Sheet(
        name="contact-sheet",
        kind="contact_sheet",
        frames=tuple(frames),
        columns=min(asked.columns, len(frames)),
        rows=-(-len(frames) // asked.columns),
        tile=tile,
        label_height=label,
        accuracy=_affordable(accuracy, frames, video, frame_pixels),
    )


def _tile(width: int, canvas: Size) -> Size:
    """Even, so that neighbours share no colour sample; never larger than the picture."""
    wide = max(2, min(width, canvas[0]) // 2 * 2)
    return wide, even(wide * Fraction(canvas[1], canvas[0]))


def _check_size(path: str, tiles: Size, tile: Size) -> None:
    width, height = tiles[0] * tile[0], tiles[1] * tile[1]
    if width * height > _MOST_SHEET_PIXELS or max(width, height) > 16_000:  # noqa: PLR2004 - WebP
        raise InvalidRequest(
            f"{path}: {tiles[0]} x {tiles[1]} pictures of {tile[0]}x{tile[1]} make a sheet of"
            f" {width}x{height}; it may have {_MOST_SHEET_PIXELS:,} pixels and 16,000 a side: ask"
            " for fewer or smaller ones."
        )


def _affordable(
    accuracy: Accuracy, frames: list[int], video: Video, frame_pixels: Fraction
) -> Accuracy:
    gaps = [b - a for a, b in itertools.pairwise(frames)] + [math.inf]
    most = _SEEK_S * float(video.rate)
    decoded = sum(min(gap, most) for gap in gaps)
    return "keyframe" if decoded * frame_pixels > _SHEET_PIXELS else accuracy


def snapshot_notes(asked: SnapshotRequest | None, planned: Snapshots | None) -> Iterator[str]:
    """What is less exact than one might expect."""
    if asked is None or planned is None:
        return
    if planned.tone_map is not None:
        yield "Snapshots: HDR was tone-mapped to SDR, as picture files are shown."
    if planned.scenes is not None and planned.scenes.keys_only:
        yield (
            "Scene changes were looked for among key frames only: all frames of so long a video"
            " would take too long."
        )
    if asked.accuracy == "frame" and any(sheet.accuracy != "frame" for sheet in planned.sheets):
        yield (
            "The sheets' pictures are the nearest key frames before their times: exact ones of so"
            " large a video would take too long."
        )
