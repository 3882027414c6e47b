"""Make streams playable: copies of their parts, then playlists, those that name the others last."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from typing import Literal

from functions.assemble_render import manifest, playlists
from functions.assemble_render.captions import read_asset
from functions.assemble_render.checks import CheckedAudio
from functions.assemble_render.codec_strings import codec_string, transfer, video_range
from functions.assemble_render.listing import (
    ListedAudio,
    ListedCaptions,
    ListedVideo,
    Segment,
)
from functions.assemble_render.publish import is_ours
from functions.assemble_render.result import (
    PlaylistResult,
    RungResult,
    StreamResult,
    StreamSoundResult,
)
from functions.assemble_render.stored import StoredFile, copy_pinned, read_checked
from functions.assemble_render.streams import CheckedRung, CheckedStream
from functions.assemble_render.upload import Upload
from functions.shared.errors import RenderMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.mp4.fragmenting import Layout, fragmented, lay_out_audio
from functions.shared.mp4.fragments import Fragment
from functions.shared.mp4.inspection import named
from functions.shared.plan import Plan

_SOUND_FOLDER, _SOUND_FILE = "audio", "sound.mp4"
_CAPTIONS_FOLDER = "captions"


def publish_streams(
    store: MediaStore, job_id: str, plan: Plan, streams: list[CheckedStream], threads: Executor
) -> list[StreamResult]:
    """Nothing is playable before all of a stream is there. Done again, it writes what is missing.

    Raises PartMismatch where a part was replaced after it was checked, RenderMismatch where a key
    belongs to another plan.
    """
    return [_publish(store, Keys(job_id), plan, stream, threads) for stream in streams]


def _publish(
    store: MediaStore, keys: Keys, plan: Plan, checked: CheckedStream, threads: Executor
) -> StreamResult:
    stream = checked.stream

    def key(*path: str) -> str:
        return keys.stream(stream.name, *path)

    rungs = [_listed_rung(plan, stream.folder(rung.output.name), rung) for rung in checked.rungs]
    sound, layout = None, None
    if checked.audio is not None:
        with named(checked.audio.file.name):
            segment_s = float(stream.segment_frames / plan.video.rate)
            layout = lay_out_audio(checked.audio.movie, checked.audio.track, segment_s=segment_s)
            sound = _listed_sound(checked.audio, layout)
    copies = [
        (each.file, key(listed.folder, _file(number)))
        for listed, rung in zip(rungs, checked.rungs, strict=True)
        for number, each in enumerate(rung.parts)
    ]
    list(threads.map(lambda copy: _copy(store, copy[0], copy[1], plan.hash), copies))
    if checked.audio is not None and layout is not None:
        sound_key = key(_SOUND_FOLDER, _SOUND_FILE)
        _write_sound(store, sound_key, plan, checked.audio, layout, threads)
    captions = []
    for listed, body in _captions(store, plan, checked.rungs[0].frames):
        _write(store, key(listed.folder, listed.file), body, "text/vtt", plan.hash)
        captions.append(listed)
    for path, text, content_type in _inner(checked, rungs, sound, captions):
        _write(store, key(*path), text, content_type, plan.hash)
    mains = [
        PlaylistResult(
            format=kind,
            key=key(name),
            size_bytes=_write(store, key(name), text, content_type, plan.hash),
        )
        for kind, name, text, content_type in _mains(checked, rungs, sound, captions)
    ]
    return StreamResult(
        name=stream.name,
        playlists=tuple(mains),
        frames=checked.rungs[0].frames,
        duration_s=float(checked.rungs[0].frames / plan.video.rate),
        rate=plan.video.rate,
        rungs=tuple(map(_rung_result, rungs)),
        audio=_sound_result(sound),
    )


def _captions(store: MediaStore, plan: Plan, frames: int) -> Iterator[tuple[ListedCaptions, str]]:
    """The job's captions, as WebVTT, and where they go."""
    labels: list[str] = []
    for number, track in enumerate(plan.captions):
        text = read_asset(store, track.vtt).decode()
        label = track.label or track.language
        labels.append(label if label not in labels else f"{label} {number + 1}")
        yield (
            ListedCaptions(
                folder=_CAPTIONS_FOLDER,
                file=f"{number:02}.vtt",
                playlist=f"{number:02}.m3u8",
                language=track.language,
                label=labels[-1].replace('"', "'"),
                size_bytes=track.vtt.size_bytes,
                duration_s=frames / plan.video.rate,
            ),
            text,
        )


def _inner(
    checked: CheckedStream,
    rungs: list[ListedVideo],
    sound: ListedAudio | None,
    captions: list[ListedCaptions],
) -> Iterator[tuple[tuple[str, str], str, str]]:
    """(path, text, content type) of what the main playlists name."""
    if "hls" not in checked.stream.formats:
        return
    for track in (*rungs, *([sound] if sound else [])):
        text = playlists.media_playlist(track)
        yield (track.folder, playlists.MEDIA), text, playlists.CONTENT_TYPE
    for each in captions:
        text = playlists.caption_playlist(each)
        yield (each.folder, each.playlist), text, playlists.CONTENT_TYPE
    if checked.stream.i_frames:
        for rung in rungs:
            text = playlists.i_frame_playlist(rung)
            yield (rung.folder, playlists.I_FRAMES), text, playlists.CONTENT_TYPE


def _mains(
    checked: CheckedStream,
    rungs: list[ListedVideo],
    sound: ListedAudio | None,
    captions: list[ListedCaptions],
) -> Iterator[tuple[Literal["hls", "dash"], str, str, str]]:
    """(format, name, text, content type)."""
    if "hls" in checked.stream.formats:
        i_frames = checked.stream.i_frames
        text = playlists.master_playlist(rungs, sound, captions, i_frames=i_frames)
        yield "hls", playlists.MASTER, text, playlists.CONTENT_TYPE
    if "dash" in checked.stream.formats:
        text = manifest.dash_manifest(rungs, sound, captions)
        yield "dash", manifest.MANIFEST, text, manifest.CONTENT_TYPE


def _copy(store: MediaStore, file: StoredFile, key: str, plan_hash: str) -> None:
    if not is_ours(store, key, plan_hash):
        copy_pinned(file, key)


def _write(store: MediaStore, key: str, text: str, content_type: str, plan_hash: str) -> int:
    body = text.encode()
    if not is_ours(store, key, plan_hash):
        store.write(key, body, content_type, {"plan": plan_hash})
    return len(body)


def _write_sound(
    store: MediaStore,
    key: str,
    plan: Plan,
    audio: CheckedAudio,
    layout: Layout,
    threads: Executor,
) -> None:
    """The packets as they are, laid out in segments; their bytes are held against the part's."""
    if is_ours(store, key, plan.hash):
        return
    with ExitStack() as undo:
        upload = Upload(store, key, "audio/mp4", {"plan": plan.hash})
        undo.callback(upload.discard)
        media = read_checked([(audio.file, audio.extents)], threads)
        upload.send(fragmented(layout, media), layout.size_bytes, threads)
        if upload.size_bytes != layout.size_bytes:
            raise RenderMismatch(f"{key} has {upload.size_bytes} bytes, not {layout.size_bytes}")
        if not upload.complete() and not is_ours(store, key, plan.hash):
            raise RenderMismatch(f"{key} could not be published and is not there")


def _listed_rung(plan: Plan, folder: str, rung: CheckedRung) -> ListedVideo:
    first = rung.parts[0].part
    timescale = plan.video.timescale
    with named(f"output {rung.output.name}"):
        segments = (
            _segment(_file(number), fragment, timescale, 0)
            for number, each in enumerate(rung.parts)
            for fragment in each.part.fragments
        )
        return ListedVideo(
            folder=folder,
            codec=codec_string(first.track),
            init_bytes=len(first.init),
            segments=tuple(segments),
            timescale=timescale,
            segment_ticks=(rung.output.segment_frames or 1) * plan.video.frame_ticks,
            width=rung.output.width,
            height=rung.output.height,
            rate=plan.video.rate,
            video_range=video_range(first.track),
            transfer=transfer(first.track),
        )


def _listed_sound(audio: CheckedAudio, layout: Layout) -> ListedAudio:
    """Its first segment is shown from time 0 on, without what only primes the decoder."""
    primed = [audio.track.media_time if layout.fragments[0].base_time == 0 else 0]
    skipped = chain(primed, [0] * (len(layout.fragments) - 1))
    segments = (
        _segment(_SOUND_FILE, fragment, audio.track.timescale, ticks)
        for fragment, ticks in zip(layout.fragments, skipped, strict=True)
    )
    return ListedAudio(
        folder=_SOUND_FOLDER,
        codec=codec_string(audio.track),
        init_bytes=len(layout.init),
        segments=tuple(segments),
        timescale=audio.track.timescale,
        segment_ticks=layout.segment_ticks,
        channels=audio.part.channels,
        sample_rate=audio.part.sample_rate,
    )


def _segment(file: str, fragment: Fragment, timescale: int, skipped_ticks: int) -> Segment:
    return Segment(
        file=file,
        offset=fragment.offset,
        length=fragment.length,
        duration_s=Fraction(fragment.duration - skipped_ticks, timescale),
        key_bytes=fragment.first_sample_end,
    )


def _file(number: int) -> str:
    return f"{number:05}.mp4"


def _rung_result(rung: ListedVideo) -> RungResult:
    return RungResult(
        name=rung.folder,
        width=rung.width,
        height=rung.height,
        codec=rung.codec,
        peak_kbps=_kbps(rung.peak),
        mean_kbps=_kbps(rung.mean),
        size_bytes=rung.media_bytes,
        segments=len(rung.segments),
    )


def _sound_result(sound: ListedAudio | None) -> StreamSoundResult | None:
    if sound is None:
        return None
    return StreamSoundResult(
        codec=sound.codec,
        channels=sound.channels,
        sample_rate=sound.sample_rate,
        mean_kbps=_kbps(sound.mean),
        size_bytes=sound.media_bytes,
    )


def _kbps(bits_per_s: int) -> int:
    return round(bits_per_s / 1000)
