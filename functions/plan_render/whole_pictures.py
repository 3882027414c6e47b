"""The outputs that are rendered in one piece, and how long they may be."""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

from functions.plan_render.encoding import picture_coding
from functions.plan_render.framing import Size, frame_size
from functions.plan_render.source.facts import VideoFacts
from functions.plan_render.source.rates import snap
from functions.plan_render.timeline import exact
from functions.shared.errors import InvalidRequest
from functions.shared.plan import Output, Video, WholePicture
from functions.shared.request.output import KnownOutput

MOST_S = 60
"""Of a gif or moving webp, which one worker makes from the first frame to the last."""
MOST_PIXELS = 1920 * 1080
"""Of each of its frames, as players keep all of them."""
_USUAL_FPS = 12.0
_USUAL_QUALITY = 80


def whole_pictures(
    asked: Iterable[KnownOutput], canvas: Size, facts: VideoFacts, video: Video
) -> Iterator[WholePicture]:
    """Raises InvalidRequest where one is too long, too large, or at a time that is not there."""
    for wanted in asked:
        (width, height), scaled = frame_size(wanted, canvas)
        output = Output(
            name=wanted.name,
            width=width,
            height=height,
            scaled=scaled,
            container=wanted.container,
            coding=picture_coding(wanted, facts),
            keyint=1,
            audio_track=None,
            filename=wanted.filename,
        )
        if wanted.is_still:
            yield _still(wanted, output, video)
        else:
            yield _moving(wanted, output, video)


def _still(wanted: KnownOutput, output: Output, video: Video) -> WholePicture:
    frame = math.floor(exact(wanted.at_s or 0.0) * video.rate)
    if frame >= video.total_frames:
        raise InvalidRequest(
            f"render.outputs ({wanted.name}): at_s: {wanted.at_s:g} s is outside the timeline,"
            f" which is {float(video.total_frames / video.rate):.3f} s long."
        )
    return WholePicture(
        output=output,
        start_frame=frame,
        end_frame=frame + 1,
        quality=wanted.quality or _USUAL_QUALITY,
    )


def _moving(wanted: KnownOutput, output: Output, video: Video) -> WholePicture:
    length_s = video.total_frames / video.rate
    if length_s > MOST_S:
        raise InvalidRequest(
            f"render.outputs ({wanted.name}): a {wanted.container} is {MOST_S} s long at most and"
            f" the timeline is {float(length_s):.3f} s; cut it with edit.clips."
        )
    if output.width * output.height > MOST_PIXELS:
        raise InvalidRequest(
            f"render.outputs ({wanted.name}): a {wanted.container} has {MOST_PIXELS:,} pixels at"
            f" most and this would be {output.width}x{output.height}; ask for a smaller width."
        )
    rate = min(snap(exact(wanted.fps or _USUAL_FPS)), Fraction(video.rate))
    if 2 * length_s * rate < 1:
        rate = 1 / length_s  # Too short for a frame of that length: it is one frame.
    return WholePicture(
        output=output,
        start_frame=0,
        end_frame=video.total_frames,
        rate=rate,
        loop=wanted.loop or 0,
        quality=wanted.quality or _USUAL_QUALITY,
    )
