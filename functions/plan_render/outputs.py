"""The files of a job as every worker makes them, and how their frames are cut into chunks.

How long a chunk is (all figures from MEDIA.md, against a render in one piece):

- 10 s, two GOPs of 5 s: +0.5 % size, 0.07 VMAF less and +6 % CPU at preset medium. At veryfast it
  is +1.1 % and +16 %, and 5 s would be +3.3 % and +26 % (medium +2.1 % and +14 %).
- 20 s for sources over 20 minutes, which have chunks enough to fill any ceiling, and for ultrafast
  to veryfast over 5 minutes, where a chunk's fixed cost weighs most: +0.7 % size and +7 % CPU.
- 5 s where a frame is so costly that 10 s might not be done in a function's time: more than
  1080p at 120 frames per second in H.264, all outputs together. Never under 5 s unless asked.
- As asked, where the request says: whole GOPs, or one GOP of that length where it is under 5 s.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from functions.plan_render.encoding import coding_of
from functions.plan_render.framing import Size, frame_size
from functions.plan_render.sound import track_of
from functions.plan_render.source.facts import Probe, need_video
from functions.shared.plan import Output, Video
from functions.shared.request.output import KnownOutput

GOP_S = Fraction(5)
_USUAL_GOPS = 2
_LONG_GOPS = 4
_LONG_S = 20 * 60
_LONG_IF_FAST_S = 5 * 60
_FAST_PRESETS = {"ultrafast", "superfast", "veryfast"}
_COSTLY_PIXELS_PER_S = 1920 * 1080 * 120
_COSTS = {"h264": 1, "hevc": 3, "vp9": 3, "av1": 2, "prores": 1}
"""CPU time of a frame, about, at one preset's name."""
_HALF = Fraction(1, 2)


def plan_outputs(
    asked: Sequence[KnownOutput],
    canvas: Size,
    chunk_s: float | None,
    probe: Probe,
    video: Video,
    *,
    heard: bool,
) -> tuple[tuple[Output, ...], int]:
    """(the outputs of chunks, the frames of a chunk). `heard`: whether the job has sound."""
    sizes = [frame_size(output, canvas) for output in asked]
    costs = [
        width * height * _COSTS[output.video.codec]
        for output, ((width, height), _) in zip(asked, sizes, strict=True)
    ]
    gop = max((_gop(output, video) for output in asked), default=round(GOP_S * video.rate))
    chunk_frames = chunk_length(chunk_s, gop, _usual_gops(asked, sum(costs), video), video)
    outputs = [
        _output(output, size, min(_gop(output, video), chunk_frames), probe, heard=heard)
        for output, size in zip(asked, sizes, strict=True)
    ]
    apart = [_alpha(output) for output in outputs if output.coding.plane is not None]
    return (*outputs, *apart), chunk_frames


def _alpha(output: Output) -> Output:
    """The alpha of an output, as another one of the same pictures. No request's name has a dot."""
    return output.model_copy(
        update={
            "name": f"{output.name}.alpha",
            "alpha_of": output.name,
            "audio_track": None,
            "coding": output.coding.model_copy(update={"plane": "alpha"}),
        }
    )


def chunk_length(chunk_s: float | None, gop: int, usual_gops: int, video: Video) -> int:
    """Frames of a chunk: whole GOPs, or less than one where that is asked. `usual_gops` are of the
    usual length."""
    if chunk_s is None:
        return gop * max(1, math.ceil(usual_gops * round(GOP_S * video.rate) / gop))
    wanted = max(1, round(Fraction(chunk_s) * video.rate))
    return wanted if wanted < gop else gop * math.floor(Fraction(wanted, gop) + _HALF)


def _gop(asked: KnownOutput, video: Video) -> int:
    """Frames from one key frame to the next at most."""
    wanted_s = GOP_S if asked.video.gop_s is None else Fraction(repr(asked.video.gop_s))
    return max(1, round(wanted_s * video.rate))


def _usual_gops(asked: Sequence[KnownOutput], cost: int, video: Video) -> int:
    length_s = video.total_frames / video.rate
    if cost * video.rate > _COSTLY_PIXELS_PER_S:
        return 1
    fast = all(output.video.preset in _FAST_PRESETS for output in asked)
    return _LONG_GOPS if length_s > (_LONG_IF_FAST_S if fast else _LONG_S) else _USUAL_GOPS


def _output(
    asked: KnownOutput, size: tuple[Size, Size | None], keyint: int, probe: Probe, *, heard: bool
) -> Output:
    (width, height), scaled = size
    sound = track_of(asked) if heard else None
    return Output(
        name=asked.name,
        width=width,
        height=height,
        scaled=scaled,
        container=asked.container,
        coding=coding_of(asked, need_video(probe)),
        keyint=keyint,
        audio_track=sound.name if sound else None,
        metadata={str(tag): text for tag, text in asked.metadata.items()},
        filename=asked.filename,
    )
