"""Turn a job's parts into its published files."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from functions.assemble_render.checks import CheckedAudio, CheckedOutput, check_outputs
from functions.assemble_render.naming import in_sentences
from functions.assemble_render.pictures import (
    CheckedPicture,
    check_pictures,
    picture_notes,
    publish_pictures,
)
from functions.assemble_render.publish import Published, publish_outputs
from functions.assemble_render.publish_streams import publish_streams
from functions.assemble_render.result import (
    AudioResult,
    Billing,
    Checks,
    OutputResult,
    Result,
    write_result,
)
from functions.assemble_render.sound_files import (
    CheckedSound,
    check_sound_files,
    publish_sound_files,
)
from functions.assemble_render.streams import CheckedStream, check_streams
from functions.assemble_render.whole_pictures import (
    CheckedWhole,
    check_whole_pictures,
    publish_whole_pictures,
)
from functions.shared.media_store import MediaStore
from functions.shared.parts import Deadline
from functions.shared.plan import Plan

_THREADS = 24
"""Requests at once: the reads and uploads of one file, each up to 200 ms away."""


def assemble(
    store: MediaStore,
    job_id: str,
    begin_publishing: Callable[[], None],
    *,
    remaining_s: float,
    billed: Billing | None = None,
) -> Result:
    """Check all parts, publish the outputs, then sound, streams and pictures, then result.json.

    `begin_publishing` is called once all is ready and nothing is visible yet, and may raise. Done
    again after a crash at any point, it publishes what is missing and changes nothing else.
    `billed` adds the cost. Raises PartMissing, PartForeign, PartMismatch, RenderMismatch,
    OutputTooLarge, FfmpegFailed, RenderTimedOut, TransientError.
    """
    deadline = Deadline(remaining_s)
    plan = store.read_plan(job_id)
    with in_sentences(), ThreadPoolExecutor(_THREADS) as threads:
        outputs = check_outputs(store, job_id, plan, threads)
        frames = outputs[0].frames if outputs else None
        streams = check_streams(store, job_id, plan, frames, threads)
        sounds = check_sound_files(store, job_id, plan, threads)
        whole = check_whole_pictures(store, job_id, plan, threads)
        pictures = check_pictures(store, job_id, plan, threads)
        files = publish_outputs(store, job_id, plan, outputs, threads, begin_publishing, deadline)
        sound_results = list(publish_sound_files(store, job_id, plan, sounds, threads))
        whole_results = list(publish_whole_pictures(store, job_id, plan, whole, threads))
        made_streams = publish_streams(store, job_id, plan, streams, threads)
        snapshots = publish_pictures(store, job_id, plan, pictures, threads)
    result = Result(
        job_id=job_id,
        plan_hash=plan.hash,
        outputs=(
            *map(_output, [plan] * len(files), outputs, files),
            *sound_results,
            *whole_results,
        ),
        streams=tuple(made_streams),
        snapshots=tuple(snapshots),
        checks=_checks(outputs, streams, sounds, whole, pictures),
        notes=(*plan.notes, *picture_notes(plan, pictures)),
    )
    return write_result(store, result, billed)


def _output(plan: Plan, checked: CheckedOutput, file: Published) -> OutputResult:
    return OutputResult(
        name=checked.output.name,
        key=file.key,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        frames=checked.frames,
        duration_s=float(checked.frames / plan.video.rate),
        width=checked.output.width,
        height=checked.output.height,
        rate=plan.video.rate,
        audio=_audio(checked.audio),
    )


def _audio(audio: CheckedAudio | None) -> AudioResult | None:
    if audio is None:
        return None
    return AudioResult(
        codec=audio.encoding.codec,
        bitrate_kbps=audio.encoding.bitrate_kbps,
        sample_rate=audio.part.sample_rate,
        channels=audio.part.channels,
        start_s=float(audio.part.start_s),
        duration_s=float(audio.part.duration_s),
    )


def _checks(
    outputs: list[CheckedOutput],
    streams: list[CheckedStream],
    sound_files: list[CheckedSound],
    whole: list[CheckedWhole],
    pictures: list[CheckedPicture],
) -> Checks:
    rungs = [rung for stream in streams for rung in stream.rungs]
    chunks = [chunk.file for output in outputs for chunk in output.chunks]
    chunks += [part.file for rung in rungs for part in rung.parts]
    chunks += [one.file for one in whole]
    heard = [output.audio for output in outputs] + [stream.audio for stream in streams]
    sounds = {sound.file.key: sound for sound in heard if sound}
    alone = {sound.file.key: sound.file for sound in sound_files}
    files = [*chunks, *({key: sound.file for key, sound in sounds.items()} | alone).values()]
    return Checks(
        parts=len(files),
        part_bytes=sum(file.size_bytes for file in files),
        frames=sum(output.frames for output in outputs) + sum(rung.frames for rung in rungs),
        audio_packets=sum(sound.part.packets for sound in sounds.values()),
        files=len(outputs) + len(sound_files) + len(whole),
        pictures=len(pictures),
    )
