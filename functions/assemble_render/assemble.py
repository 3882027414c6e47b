"""Turn a job's parts into its published files."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from functions.assemble_render.checks import (
    CheckedAudio,
    CheckedOutput,
    CheckedPicture,
    check_outputs,
    check_pictures,
)
from functions.assemble_render.naming import in_sentences
from functions.assemble_render.publish import Published, publish_outputs, publish_pictures
from functions.assemble_render.result import (
    AudioResult,
    Checks,
    OutputResult,
    Result,
    SnapshotResult,
)
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan

_THREADS = 8


def assemble(store: MediaStore, job_id: str, begin_publishing: Callable[[], None]) -> Result:
    """Check all parts, publish the outputs, then the pictures, then result.json.

    `begin_publishing` is called once all is ready and nothing is visible yet, and may raise. Done
    again after a crash at any point, it publishes what is missing and changes nothing else.
    Raises PartMissing, PartForeign, PartMismatch, RenderMismatch, TransientError.
    """
    plan = store.read_plan(job_id)
    with in_sentences(), ThreadPoolExecutor(_THREADS) as threads:
        outputs = check_outputs(store, job_id, plan, threads)
        pictures = check_pictures(store, job_id, plan, threads)
        files = publish_outputs(store, job_id, plan, outputs, threads, begin_publishing)
        picture_keys = publish_pictures(store, job_id, plan, pictures, threads)
    result = Result(
        job_id=job_id,
        plan_hash=plan.hash,
        outputs=tuple(map(_output, [plan] * len(files), outputs, files)),
        snapshots=tuple(map(_snapshot, [plan] * len(pictures), pictures, picture_keys)),
        checks=_checks(outputs, pictures),
        notes=plan.notes,
    )
    body = result.model_dump_json(indent=1).encode()
    store.write(Keys(job_id).result, body, "application/json")
    return result


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
        audio=_audio(checked.output.audio_bitrate_kbps, checked.audio),
    )


def _audio(bitrate_kbps: int | None, audio: CheckedAudio | None) -> AudioResult | None:
    if audio is None or bitrate_kbps is None:
        return None
    return AudioResult(
        bitrate_kbps=bitrate_kbps,
        sample_rate=audio.part.sample_rate,
        channels=audio.part.channels,
        start_s=float(audio.part.start_s),
        duration_s=float(audio.part.duration_s),
    )


def _snapshot(plan: Plan, picture: CheckedPicture, key: str) -> SnapshotResult:
    return SnapshotResult(
        key=key,
        time_s=float(picture.frame / plan.video.rate),
        frame=picture.frame,
        width=picture.width,
        height=picture.height,
        size_bytes=picture.file.size_bytes,
    )


def _checks(outputs: list[CheckedOutput], pictures: list[CheckedPicture]) -> Checks:
    chunks = [chunk for output in outputs for chunk in output.chunks]
    sounds = {output.audio.file.key: output.audio for output in outputs if output.audio}
    files = [chunk.file for chunk in chunks] + [sound.file for sound in sounds.values()]
    return Checks(
        parts=len(files),
        part_bytes=sum(file.size_bytes for file in files),
        frames=sum(chunk.frames for chunk in chunks),
        audio_packets=sum(sound.part.packets for sound in sounds.values()),
        files=len(outputs),
        pictures=len(pictures),
    )
