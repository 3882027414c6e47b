"""The planner: from what a source is and what was asked to the frames every worker makes. Pure."""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain

from functions.plan_render.assets.bring_in import NOTHING, Brought
from functions.plan_render.encoding import coding_notes, tone_map
from functions.plan_render.file_room import check_files
from functions.plan_render.framing import NO_CANVAS, canvas_size, picture_edit
from functions.plan_render.ladder import in_segments, ladder_notes, plan_streams, rungs, sounds
from functions.plan_render.memory import check_clips, check_outputs, check_pictures
from functions.plan_render.moments import snapshots
from functions.plan_render.outputs import plan_outputs
from functions.plan_render.overlays import caption_tracks, overlays
from functions.plan_render.sheets import decoded_pixels, snapshot_notes
from functions.plan_render.sound import job_audio, sound_end_s, sound_files, timed
from functions.plan_render.sound_room import check_room
from functions.plan_render.source.facts import Probe, need_video
from functions.plan_render.source.rates import snap
from functions.plan_render.steady import keeps_light, steady_colour, steady_pixels
from functions.plan_render.timeline import clips, exact, source_end_s, source_rate
from functions.plan_render.whole_pictures import whole_pictures
from functions.shared.containers import PICTURES
from functions.shared.frozen import Frozen
from functions.shared.job import Request
from functions.shared.plan import Clip, Clock, PictureEdit, Plan, Source, Video
from functions.shared.request.edit import Edit
from functions.shared.request.output import KnownOutput
from functions.shared.request.sound import SOUND_FILES

_HALF = Fraction(1, 2)
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Those that decode the second stream, which holds the alpha."""


class PlanSettings(Frozen):
    """What the stack decides for every plan."""

    threads: int
    """For each decoder and encoder; 1 where a function has one CPU or less."""
    max_parallel: int
    """The ceiling on a job's chunks at once."""
    chunk_memory_mb: int
    """What the function that renders a chunk has."""
    audio_storage_mb: int = 10_240
    """Disk of the function that renders sound."""
    assemble_timeout_s: int = 900
    """Of the function that puts the files together."""
    max_source_pixels: int | None = None
    """Of a source's picture, wherever in it; None: any."""
    snapshot_batch_size: int = 8


def plan_render(
    job_id: str,
    request: Request,
    source: Source,
    probe: Probe,
    settings: PlanSettings,
    brought: Brought = NOTHING,
) -> Plan:
    """The plan. Raises SourceHasNoVideo, SourceHasNoSound, SnapshotOutsideSource,
    ClipOutsideSource, InvalidRequest (too many snapshots, or outputs that a chunk's function can't
    make)."""
    asked = [output.known() for output in request.render.outputs] if request.render else []
    streams = request.render.streams if request.render else ()
    heard = [*asked, *sounds(streams)]
    pictured = any(output.container not in SOUND_FILES for output in asked)
    facts = need_video(probe) if pictured or streams or request.snapshots else probe.video
    sound_edit = request.edit.sound if request.edit else None
    audio = job_audio(heard, probe, sound_edit, brought)
    own_sound = audio is not None and audio.stream_index is not None
    used = (facts, probe.audio if own_sound or facts is None else None)
    clock = Clock(
        zero_s=min(stream.start_s for stream in used if stream),
        container_start_s=probe.container_start_s,
    )
    video, laid = _timeline(request, probe, clock, settings.max_source_pixels)
    length_s = video.total_frames / video.rate
    own_end_s = sound_end_s(probe, clock, video, laid)
    picture = picture_edit(request.edit, facts, length_s) if facts else PictureEdit()
    canvas = canvas_size(picture, facts) if facts else NO_CANVAS
    chunked = [*(output for output in asked if output.is_chunked), *rungs(streams, canvas)]
    width = min(request.max_parallel or settings.max_parallel, settings.max_parallel)
    outputs, chunk_frames = plan_outputs(
        chunked, canvas, request.chunk_s, probe, video, width=width, heard=audio is not None
    )
    ladders = tuple(plan_streams(streams, canvas, video.rate, heard=audio is not None))
    outputs, chunk_frames = in_segments(ladders, outputs, chunk_frames)
    check_outputs(
        outputs,
        source_pixels=facts.coded_pixels if facts else 0,
        threads=settings.threads,
        memory_mb=settings.chunk_memory_mb,
    )
    apart = [output for output in asked if output.container in PICTURES]
    pictures = tuple(whole_pictures(apart, canvas, facts, video)) if facts else ()
    check_pictures(
        pictures,
        source_pixels=facts.coded_pixels if facts else 0,
        memory_mb=settings.chunk_memory_mb,
    )
    taken = snapshots(
        request.snapshots,
        canvas,
        video,
        settings.snapshot_batch_size,
        decoded_pixels=decoded_pixels(facts, video, laid) if facts else 0,
        tone_map=tone_map(facts) if facts and facts.is_hdr else None,
    )
    sound = audio and timed(audio, sound_edit, probe, brought, own_end_s, length_s)
    if sound:
        check_room(sound, probe, sound_edit, brought, length_s, settings.audio_storage_mb)
    if facts and keeps_light(facts, outputs):
        light = {"mastering": facts.mastering, "content_light": facts.content_light}
        video = video.model_copy(update={"light_kept": True, **light})
    plan = Plan(
        job_id=job_id,
        source=source,
        clock=clock,
        video=video,
        clips=laid,
        picture=picture,
        overlays=overlays(request.edit or Edit(), brought, video.total_frames / video.rate),
        captions=caption_tracks(request.edit or Edit(), brought),
        audio=sound,
        outputs=outputs,
        sound_files=tuple(sound_files(asked, probe, heard=audio is not None)),
        streams=ladders,
        whole_pictures=pictures,
        snapshots=taken,
        chunk_frames=chunk_frames,
        threads=settings.threads,
        max_parallel=width,
        notes=(
            *(() if audio else _notes(heard, probe)),
            *ladder_notes(streams, canvas),
            *chain(*map(coding_notes, chunked, outputs)),
            *chain(*map(coding_notes, apart, (picture.output for picture in pictures))),
            *snapshot_notes(request.snapshots, taken),
        ),
    )
    check_files(plan.files, sound, video, settings.assemble_timeout_s)
    check_clips(
        plan,
        source_pixels=facts.coded_pixels if facts else 0,
        memory_mb=settings.chunk_memory_mb,
    )
    return plan


def _timeline(
    request: Request, probe: Probe, clock: Clock, most_pixels: int | None
) -> tuple[Video, tuple[Clip, ...]]:
    """The grid, and the clips on it."""
    edit, facts = request.edit or Edit(), probe.video
    rate = snap(exact(edit.fps)) if edit.fps else source_rate(probe)
    auto = facts is not None and facts.interlaced
    fields = {"auto": auto, "always": True, "never": False}[edit.deinterlace]
    laid = tuple(clips(edit.clips, probe, clock, rate))
    whole = math.floor(source_end_s(probe, clock) * rate + _HALF)
    video = Video(
        stream_index=facts.stream_index if facts else None,
        rate=rate,
        total_frames=laid[-1].end_frame if laid else max(1, whole),
        colours_valid=facts.colours_valid if facts else True,
        decoder=_ALPHA_DECODERS.get(facts.codec) if facts and facts.has_alpha else None,
        most_pixels=most_pixels if facts else None,
        steady_size=facts.coded_size if facts else None,
        steady_colour=steady_colour(facts) if facts else None,
        steady_pixels=steady_pixels(facts) if facts else None,
        deinterlaced=fields,
        turned_deg=facts.turned_deg if facts else 0,
        mirrored=facts.mirrored if facts else False,
    )
    return video, laid


def _notes(asked: Iterable[KnownOutput], probe: Probe) -> Iterator[str]:
    if probe.unheard and any(output.audio for output in asked):
        yield (
            f"The source's sound cannot be decoded ({', '.join(probe.unheard)}): the outputs have"
            " none."
        )
