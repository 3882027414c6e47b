"""Renders a job's sound: once and whole, so that it equals a render in one piece."""

import tempfile
from fractions import Fraction
from pathlib import Path

from functions.render_audio.filters import audio_filters
from functions.shared.cut import clean_options
from functions.shared.errors import PartMismatch, SourceTruncated, TransientError
from functions.shared.ffmpeg import Input, input_options, lost_connection, run_ffmpeg
from functions.shared.media_store import Keys
from functions.shared.mp4.inspection import AudioPart, inspect_audio
from functions.shared.mp4.source import FileBytes
from functions.shared.parts import Deadline, Store, check_source, made, open_source
from functions.shared.plan import Audio, Plan

TOLERANCE_S = Fraction(1, 2)
_ATTEMPTS = 2


def render_audio(store: Store, job_id: str, *, remaining_s: float) -> None:
    """Make a part for every bitrate of the plan, unless they are there.

    Raises SourceChanged, SourceTruncated, FfmpegFailed, RenderTimedOut,
    TransientError.
    """
    deadline = Deadline(remaining_s)
    plan = store.read_plan(job_id)
    if plan.audio is None:
        return
    keys = Keys(job_id)
    bitrates = plan.audio.bitrates_kbps
    if all(made(store, keys.audio(bitrate), plan.hash) for bitrate in bitrates):
        return
    source = open_source(store, plan.source)
    with tempfile.TemporaryDirectory(prefix="audio-") as folder:
        files = {bitrate: Path(folder) / f"{bitrate}k.m4a" for bitrate in bitrates}
        parts = _render(plan, plan.audio, source, files, deadline)
        check_source(store, plan.source)
        for bitrate, file in files.items():
            facts = {"plan": plan.hash, "samples": str(_samples(parts[bitrate]))}
            store.upload(keys.audio(bitrate), file, "audio/mp4", facts)


def _render(
    plan: Plan, audio: Audio, source: Input, files: dict[int, Path], deadline: Deadline
) -> dict[int, AudioPart]:
    """Render; once more where the track came out short, since a lost connection looks like that."""
    problem, lost = "", False
    for _ in range(_ATTEMPTS):
        options = audio_options(plan, audio, source.url, files)
        left_s = deadline.left_s(f"rendering the sound of {source.name}")
        stderr = run_ffmpeg(options, source, timeout_s=left_s)
        lost = lost_connection(stderr)
        try:
            parts = {
                bitrate: inspect_audio(FileBytes(file), name=f"the sound at {bitrate} kb/s")
                for bitrate, file in files.items()
            }
        except PartMismatch as error:
            problem = str(error)
            continue
        problem = _short(audio, parts) or ("its end may be missing" if lost else "")
        if not problem:
            return parts
    if lost:
        raise TransientError(f"The connection to {source.name} was lost: {problem}.")
    raise SourceTruncated(f"The sound of {source.name} ends early: {problem}.")


def audio_options(plan: Plan, audio: Audio, url: str, files: dict[int, Path]) -> list[str]:
    """ffmpeg's options: one decode, split to every bitrate's encoder."""
    pads = [f"[a{bitrate}]" for bitrate in files]
    graph = f"[0:{audio.stream_index}]{audio_filters(plan)},asplit={len(pads)}{''.join(pads)}"
    options = ["-copyts", "-threads", str(plan.threads), *input_options(url)]
    options += ["-filter_complex", graph]
    for (bitrate, file), pad in zip(files.items(), pads, strict=True):
        encoder = ["-c:a", "aac", "-b:a", f"{bitrate}k", "-movflags", "+faststart", "-f", "mp4"]
        options += ["-map", pad, *clean_options(), *encoder, str(file)]
    return options


def _short(audio: Audio, parts: dict[int, AudioPart]) -> str | None:
    """What is missing against the length the source's own tables give."""
    if audio.duration_s is None:
        return None
    end_s = min(part.end_s for part in parts.values())
    if end_s >= audio.duration_s - TOLERANCE_S:
        return None
    return f"{float(end_s):.2f} s instead of {float(audio.duration_s):.2f} s"


def _samples(part: AudioPart) -> int:
    return round(part.duration_s * part.sample_rate)
