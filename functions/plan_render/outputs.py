"""The files of a job as every worker makes them, and how their frames are cut into chunks.

A chunk is as long as asked, where the request says: whole GOPs, or one GOP of that length where it
is under 5 s. Else `chunk_policy` says how long.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from functions.plan_render.chunk_policy import GOP_S, usual_gops
from functions.plan_render.encoding import coding_of
from functions.plan_render.framing import Size, frame_size
from functions.plan_render.sound import track_of
from functions.plan_render.source.facts import Probe, need_video
from functions.shared.plan import Output, Video
from functions.shared.request.output import KnownOutput

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
    width: int,
    heard: bool,
) -> tuple[tuple[Output, ...], int]:
    """(the outputs of chunks, the frames of a chunk). `width`: chunks that may render at once;
    `heard`: whether the job has sound."""
    sizes = [frame_size(output, canvas) for output in asked]
    costs = [
        across * down * _COSTS[output.video.codec]
        for output, ((across, down), _) in zip(asked, sizes, strict=True)
    ]
    gop = max((_gop(output, video) for output in asked), default=round(GOP_S * video.rate))
    usual = usual_gops(
        video.total_frames / video.rate,
        presets=[output.video.preset for output in asked],
        cost_per_s=sum(costs) * video.rate,
        width=width,
    )
    chunk_frames = chunk_length(chunk_s, gop, usual, video)
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
