"""The planner: from what a source is and what was asked to the frames every worker makes. Pure.

How long a chunk is (all figures from MEDIA.md, against a render in one piece):

- 10 s, two GOPs of 5 s: +0.5 % size, 0.07 VMAF less and +6 % CPU at preset medium. At veryfast it
  is +1.1 % and +16 %, and 5 s would be +3.3 % and +26 % (medium +2.1 % and +14 %).
- 20 s for sources over 20 minutes, which have chunks enough to fill any ceiling, and for ultrafast
  to veryfast over 5 minutes, where a chunk's fixed cost weighs most: +0.7 % size and +7 % CPU.
- 5 s where a frame is so costly that 10 s might not be done in a function's time: more than
  1080p at 120 frames per second, all outputs together. Never under 5 s unless asked.
- As asked, where the request says: whole GOPs, or one GOP of that length where it is under 5 s.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from functions.plan_render.facts import Probe, need_video
from functions.plan_render.framing import Size, canvas_size, frame_size, picture_edit
from functions.plan_render.memory import check_outputs
from functions.plan_render.moments import snapshots
from functions.plan_render.rates import snap
from functions.plan_render.timeline import clips, exact, source_end_s, source_rate
from functions.shared.job import Request
from functions.shared.plan import Audio, Clip, Clock, Frozen, Output, Plan, Source, Video
from functions.shared.request.edit import Edit
from functions.shared.request.output import OutputRequest

GOP_S = Fraction(5)
_USUAL_GOPS = 2
_LONG_GOPS = 4
_LONG_S = 20 * 60
_LONG_IF_FAST_S = 5 * 60
_FAST_PRESETS = {"ultrafast", "superfast", "veryfast"}
_COSTLY_PIXELS_PER_S = 1920 * 1080 * 120
_HALF = Fraction(1, 2)


class PlanSettings(Frozen):
    """What the stack decides for every plan."""

    threads: int
    """For each decoder and encoder; 1 where a function has one CPU or less."""
    max_parallel: int
    """The ceiling on a job's chunks at once."""
    chunk_memory_mb: int
    """What the function that renders a chunk has."""
    snapshot_batch_size: int = 8


def plan_render(
    job_id: str, request: Request, source: Source, probe: Probe, settings: PlanSettings
) -> Plan:
    """The plan. Raises SourceHasNoVideo, SnapshotOutsideSource, ClipOutsideSource, InvalidRequest
    (too many snapshots, or outputs that a chunk's function can't make)."""
    asked = request.render.outputs if request.render else ()
    facts = need_video(probe)
    audio = _audio(asked, probe)
    starts_s = [facts.start_s, *([probe.audio.start_s] if audio and probe.audio else [])]
    clock = Clock(zero_s=min(starts_s), container_start_s=probe.container_start_s)
    video, laid = _timeline(request, probe, clock)
    picture = picture_edit(request.edit, facts, video.total_frames / video.rate)
    canvas = canvas_size(picture, facts)
    sizes = [frame_size(output, canvas) for output in asked]
    chunk_frames, keyint = chunk_shape(request, [size for size, _ in sizes], video)
    outputs = tuple(
        _output(output, size, keyint, probe) for output, size in zip(asked, sizes, strict=True)
    )
    check_outputs(
        outputs,
        source_pixels=facts.coded_pixels,
        threads=settings.threads,
        memory_mb=settings.chunk_memory_mb,
    )
    return Plan(
        job_id=job_id,
        source=source,
        clock=clock,
        video=video,
        clips=laid,
        picture=picture,
        audio=audio and audio.model_copy(update={"duration_s": _audio_end(probe, clock)}),
        outputs=outputs,
        snapshots=snapshots(request.snapshots, canvas, video, settings.snapshot_batch_size),
        chunk_frames=chunk_frames,
        threads=settings.threads,
        max_parallel=min(request.max_parallel or settings.max_parallel, settings.max_parallel),
        notes=tuple(_notes(asked, probe)),
    )


def _timeline(request: Request, probe: Probe, clock: Clock) -> tuple[Video, tuple[Clip, ...]]:
    """The grid, and the clips on it."""
    edit, facts = request.edit or Edit(), need_video(probe)
    rate = snap(exact(edit.fps)) if edit.fps else source_rate(probe)
    fields = {"auto": facts.interlaced, "always": True, "never": False}[edit.deinterlace]
    laid = tuple(clips(edit.clips, probe, clock, rate))
    whole = math.floor(source_end_s(probe, clock) * rate + _HALF)
    video = Video(
        stream_index=facts.stream_index,
        rate=rate,
        total_frames=laid[-1].end_frame if laid else max(1, whole),
        colours_valid=facts.colours_valid,
        deinterlaced=facts.interlaced
        if edit.deinterlace == "auto"
        else edit.deinterlace == "always",
    )
    return video, laid


def _notes(asked: Iterable[OutputRequest], probe: Probe) -> Iterator[str]:
    if probe.unheard and any(output.audio for output in asked):
        yield (
            f"The source's sound cannot be decoded ({', '.join(probe.unheard)}): the outputs have"
            " none."
        )


def _audio(asked: Iterable[OutputRequest], probe: Probe) -> Audio | None:
    """The distinct bitrates wanted, where the source has sound."""
    bitrates = sorted({output.audio.bitrate_kbps for output in asked if output.audio})
    if probe.audio is None or not bitrates:
        return None
    return Audio(
        stream_index=probe.audio.stream_index, bitrates_kbps=tuple(bitrates), duration_s=None
    )


def _audio_end(probe: Probe, clock: Clock) -> Fraction | None:
    if probe.audio is None or probe.audio.end_s is None:
        return None
    return probe.audio.end_s - clock.zero_s


def chunk_shape(request: Request, sizes: Sequence[Size], video: Video) -> tuple[int, int]:
    """(frames of a chunk, frames between forced key frames); the first is a multiple."""
    gop = max(1, round(GOP_S * video.rate))
    if request.chunk_s is None:
        return gop * _gops(request, sizes, video), gop
    wanted = max(1, round(Fraction(request.chunk_s) * video.rate))
    if wanted < gop:
        return wanted, wanted
    return gop * math.floor(Fraction(wanted, gop) + _HALF), gop


def _gops(request: Request, sizes: Sequence[Size], video: Video) -> int:
    asked = request.render.outputs if request.render else ()
    length_s = video.total_frames / video.rate
    if sum(width * height for width, height in sizes) * video.rate > _COSTLY_PIXELS_PER_S:
        return 1
    fast = all(output.video.preset in _FAST_PRESETS for output in asked)
    return _LONG_GOPS if length_s > (_LONG_IF_FAST_S if fast else _LONG_S) else _USUAL_GOPS


def _output(
    asked: OutputRequest, size: tuple[Size, Size | None], keyint: int, probe: Probe
) -> Output:
    (width, height), scaled = size
    return Output(
        name=asked.name,
        width=width,
        height=height,
        scaled=scaled,
        crf=asked.video.crf,
        preset=asked.video.preset,
        keyint=keyint,
        audio_bitrate_kbps=asked.audio.bitrate_kbps if asked.audio and probe.audio else None,
    )
