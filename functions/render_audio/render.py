"""Renders a job's sound: once and whole, so that it equals a render in one piece."""

import tempfile
from fractions import Fraction
from pathlib import Path

from functions.render_audio.encoder import encoder_options, track_filters
from functions.render_audio.filters import timeline_graph
from functions.render_audio.made import Made, inspect
from functions.render_audio.reading import source_inputs
from functions.shared.errors import PartMismatch, SourceTruncated, TransientError
from functions.shared.ffmpeg import Input, lost_connection, run_ffmpeg
from functions.shared.media_store import Keys
from functions.shared.parts import Deadline, Store, check_source, made, open_source
from functions.shared.plan import Audio, Plan

TOLERANCE_S = Fraction(1, 2)
_ATTEMPTS = 2


def render_audio(store: Store, job_id: str, *, remaining_s: float) -> None:
    """Make a part for every encoding of the plan, unless they are there.

    Raises SourceChanged, SourceTruncated, FfmpegFailed, RenderTimedOut,
    TransientError.
    """
    deadline = Deadline(remaining_s)
    plan = store.read_plan(job_id)
    if plan.audio is None:
        return
    keys = Keys(job_id)
    tracks = plan.audio.tracks
    if all(made(store, keys.audio(track.file_name), plan.hash) for track in tracks):
        return
    source = open_source(store, plan.source)
    with tempfile.TemporaryDirectory(prefix="audio-") as folder:
        files = {track.name: Path(folder) / track.file_name for track in tracks}
        parts = _render(plan, plan.audio, source, files, deadline)
        check_source(store, plan.source)
        for track in tracks:
            facts = {"plan": plan.hash, **parts[track.name].facts}
            key = keys.audio(track.file_name)
            store.upload(key, files[track.name], track.content_type, facts)


def _render(
    plan: Plan, audio: Audio, source: Input, files: dict[str, Path], deadline: Deadline
) -> dict[str, Made]:
    """Render; once more where the track came out short, since a lost connection looks like that."""
    problem, lost = "", False
    for _ in range(_ATTEMPTS):
        options = audio_options(plan, audio, source.url, files)
        left_s = deadline.left_s(f"rendering the sound of {source.name}")
        stderr = run_ffmpeg(options, source, timeout_s=left_s)
        lost = lost_connection(stderr)
        try:
            parts = {
                track.name: inspect(track, files[track.name], deadline) for track in audio.tracks
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


def audio_options(plan: Plan, audio: Audio, url: str, files: dict[str, Path]) -> list[str]:
    """ffmpeg's options: one decode, split to every encoder."""
    heads = [f"[a{i}]" for i in range(len(audio.tracks))]
    graph = [f"{timeline_graph(plan, audio)},asplit={len(heads)}{''.join(heads)}"]
    outputs: list[str] = []
    for i, (track, shape) in enumerate(zip(audio.tracks, track_filters(audio.tracks), strict=True)):
        pad = heads[i]
        if shape:
            pad = f"[o{i}]"
            graph.append(f"{heads[i]}{shape}{pad}")
        outputs += ["-map", pad, *encoder_options(track), str(files[track.name])]
    return [*source_inputs(plan, url), "-filter_complex", ";".join(graph), *outputs]


def _short(audio: Audio, parts: dict[str, Made]) -> str | None:
    """What is missing against the length the source's own tables give."""
    if audio.duration_s is None:
        return None
    end_s = min(part.end_s for part in parts.values())
    if end_s >= audio.duration_s - TOLERANCE_S:
        return None
    return f"{float(end_s):.2f} s instead of {float(audio.duration_s):.2f} s"
