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
from collections.abc import Iterable, Iterator
from fractions import Fraction

from functions.plan_render.facts import Probe
from functions.plan_render.memory import check_outputs
from functions.shared.errors import InvalidRequest, SnapshotOutsideSource
from functions.shared.job import OutputRequest, Request, SnapshotRequest
from functions.shared.plan import Audio, Clock, Frozen, Output, Plan, Snapshots, Source, Video

GOP_S = Fraction(5)
_USUAL_GOPS = 2
_LONG_GOPS = 4
_LONG_S = 20 * 60
_LONG_IF_FAST_S = 5 * 60
_FAST_PRESETS = {"ultrafast", "superfast", "veryfast"}
_COSTLY_PIXELS_PER_S = 1920 * 1080 * 120
_MOST_SNAPSHOTS = 1000
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
    """The plan. Raises SnapshotOutsideSource, InvalidRequest (too many snapshots, or outputs that
    a chunk's function can't make)."""
    asked = request.render.outputs if request.render else ()
    audio = _audio(asked, probe)
    starts_s = [probe.video.start_s, *([probe.audio.start_s] if audio and probe.audio else [])]
    clock = Clock(zero_s=min(starts_s), container_start_s=probe.container_start_s)
    rate = probe.video.rate
    video = Video(
        stream_index=probe.video.stream_index,
        rate=rate,
        total_frames=max(1, math.floor((probe.video.end_s - clock.zero_s) * rate + _HALF)),
        colours_valid=probe.video.colours_valid,
    )
    chunk_frames, keyint = chunk_shape(request, probe, video)
    outputs = tuple(_output(output, probe, keyint) for output in asked)
    check_outputs(
        outputs,
        source_pixels=probe.video.coded_pixels,
        threads=settings.threads,
        memory_mb=settings.chunk_memory_mb,
    )
    return Plan(
        job_id=job_id,
        source=source,
        clock=clock,
        video=video,
        audio=audio and audio.model_copy(update={"duration_s": _audio_end(probe, clock)}),
        outputs=outputs,
        snapshots=_snapshots(request.snapshots, probe, video, settings),
        chunk_frames=chunk_frames,
        threads=settings.threads,
        max_parallel=min(request.max_parallel or settings.max_parallel, settings.max_parallel),
        notes=tuple(_notes(asked, probe)),
    )


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


def chunk_shape(request: Request, probe: Probe, video: Video) -> tuple[int, int]:
    """(frames of a chunk, frames between forced key frames); the first is a multiple."""
    gop = max(1, round(GOP_S * video.rate))
    if request.chunk_s is None:
        return gop * _gops(request, probe, video), gop
    wanted = max(1, round(Fraction(request.chunk_s) * video.rate))
    if wanted < gop:
        return wanted, wanted
    return gop * math.floor(Fraction(wanted, gop) + _HALF), gop


def _gops(request: Request, probe: Probe, video: Video) -> int:
    asked = request.render.outputs if request.render else ()
    length_s = video.total_frames / video.rate
    sizes = [output_size(probe, output.height) for output in asked]
    if sum(width * height for width, height in sizes) * video.rate > _COSTLY_PIXELS_PER_S:
        return 1
    fast = all(output.video.preset in _FAST_PRESETS for output in asked)
    return _LONG_GOPS if length_s > (_LONG_IF_FAST_S if fast else _LONG_S) else _USUAL_GOPS


def _output(asked: OutputRequest, probe: Probe, keyint: int) -> Output:
    width, height = output_size(probe, asked.height)
    return Output(
        name=asked.name,
        width=width,
        height=height,
        crf=asked.video.crf,
        preset=asked.video.preset,
        keyint=keyint,
        audio_bitrate_kbps=asked.audio.bitrate_kbps if asked.audio and probe.audio else None,
    )


def output_size(probe: Probe, height: int | None) -> tuple[int, int]:
    """(width, height) of the source's shape, both even as 4:2:0 needs."""
    shown = probe.video
    tall = _even(Fraction(height or shown.height))
    return _even(Fraction(tall * shown.width, shown.height)), tall


def _even(length: Fraction) -> int:
    return max(2, 2 * math.floor(length / 2 + _HALF))


def _snapshots(
    asked: SnapshotRequest | None, probe: Probe, video: Video, settings: PlanSettings
) -> Snapshots | None:
    """Pictures never larger than the source; sizes that become equal are made once."""
    if asked is None:
        return None
    widths = sorted({min(width, probe.video.width) for width in asked.widths})
    shape = Fraction(probe.video.height, probe.video.width)
    return Snapshots(
        frames=tuple(snapshot_frames(asked, video)),
        sizes=tuple((width, max(1, round(width * shape))) for width in widths),
        format=asked.format,
        batch_size=settings.snapshot_batch_size,
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
    if count > _MOST_SNAPSHOTS:
        raise InvalidRequest(
            f"snapshots.every_s: {asked.every_s} s over {float(total / rate):.1f} s are {count}"
            f" pictures; {_MOST_SNAPSHOTS} are allowed."
        )
    frames = (min(total - 1, math.floor(i * step_s * rate)) for i in range(count))
    return list(dict.fromkeys(frames))


def _frame_at(at_s: Fraction, video: Video) -> int:
    frame = math.floor(at_s * video.rate)
    if not 0 <= frame < video.total_frames:
        raise SnapshotOutsideSource(
            f"snapshots.at_s: {float(at_s):g} s is outside the source, which is"
            f" {float(video.total_frames / video.rate):.3f} s long."
        )
    return frame
