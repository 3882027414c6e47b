"""Renders a job's sound: once and whole, so that it equals a render in one piece."""

import contextlib
import re
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from functions.render_audio.changes import sound_graph
from functions.render_audio.encoder import encoder_options, track_filters
from functions.render_audio.loudness import MEASURING, Measured, parse, setting_filters
from functions.render_audio.made import Made, inspect
from functions.render_audio.reading import inputs
from functions.shared.errors import (
    FfmpegFailed,
    PartMismatch,
    RenderTimedOut,
    SourceNotMedia,
    SourceTruncated,
    TransientError,
)
from functions.shared.ffmpeg import Input, input_options, lost_connection, run_ffmpeg
from functions.shared.media_store import Keys
from functions.shared.parts import Deadline, Store, check_source, made, open_source
from functions.shared.plan import Asset, Audio, Plan, Source

TOLERANCE_S = Fraction(1, 2)
_ATTEMPTS = 2
_TELLING = ("-loglevel", "level+info", "-nostats")
_CHANGED = re.compile(r"Reconfiguring filter graph because audio parameters changed to (.+)")


@dataclass(frozen=True)
class Sources:
    """What is read: the source, then the sounds beside it."""

    source: Input
    others: tuple[Input, ...] = ()

    @property
    def other_urls(self) -> list[str]:
        return [other.url for other in self.others]


def render_audio(store: Store, job_id: str, *, remaining_s: float) -> None:
    """Make a part for every encoding of the plan, unless they are there.

    Raises SourceChanged, SourceTruncated, SourceNotMedia, FfmpegFailed, RenderTimedOut,
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
    pinned: tuple[Source | Asset, ...] = (
        plan.source,
        *(other.asset for other in plan.audio.others),
    )
    source, *others = (open_source(store, each) for each in pinned)
    with tempfile.TemporaryDirectory(prefix="audio-") as folder:
        files = {track.name: Path(folder) / track.file_name for track in tracks}
        try:
            parts = _render(plan, plan.audio, Sources(source, tuple(others)), files, deadline)
        except TransientError:
            # Where the format changes, ffmpeg may wait for ever: no other attempt will do better.
            # Where that can't be seen either, the first error is the one to tell.
            with contextlib.suppress(FfmpegFailed, RenderTimedOut, TransientError):
                check_format(plan, _decoded(plan.audio, source, deadline))
            raise
        for each in pinned:
            check_source(store, each)
        for track in tracks:
            facts = {"plan": plan.hash, **parts[track.name].facts}
            key = keys.audio(track.file_name)
            store.upload(key, files[track.name], track.content_type, facts)


def _render(
    plan: Plan, audio: Audio, sources: Sources, files: dict[str, Path], deadline: Deadline
) -> dict[str, Made]:
    """Render; once more where the track came out short, since a lost connection looks like that."""
    problem, lost, name = "", False, sources.source.name
    for _ in range(_ATTEMPTS):
        found, lost = _measured(plan, audio, sources, deadline)
        options = audio_options(plan, audio, sources, files, found)
        left_s = deadline.left_s(f"rendering the sound of {name}")
        stderr = run_ffmpeg(options, sources.source, timeout_s=left_s)
        check_format(plan, stderr)
        lost = lost or lost_connection(stderr)
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
        raise TransientError(f"The connection to {name} was lost: {problem}.")
    raise SourceTruncated(f"The sound of {name} ends early: {problem}.")


def check_format(plan: Plan, stderr: str) -> None:
    """SourceNotMedia where ffmpeg told of another format in mid-stream: filters begin anew there,
    and what they held is lost."""
    if change := _CHANGED.search(stderr):
        raise SourceNotMedia(
            f"The sound of s3://{plan.source.bucket}/{plan.source.key} changes its format in"
            f" mid-stream (to {change[1]}), which {plan.source.container} does not tell beforehand;"
            " send it with its sound in one format."
        )


def _decoded(audio: Audio, source: Input, deadline: Deadline) -> str:
    """What ffmpeg tells while it only decodes the source's sound."""
    if audio.stream_index is None:
        return ""
    decode = ["-map", f"0:{audio.stream_index}", "-f", "null", "-"]
    options = [*_TELLING, *input_options(source.url), *decode]
    left_s = deadline.left_s(f"reading the sound of {source.name}")
    return run_ffmpeg(options, source, timeout_s=left_s)


def _measured(
    plan: Plan, audio: Audio, sources: Sources, deadline: Deadline
) -> tuple[Measured | None, bool]:
    """(the loudness of the edited sound where it is to be set, whether a connection was lost)."""
    if audio.change is None or audio.change.loudness is None:
        return None, False
    graph = f"{sound_graph(plan, audio)},{MEASURING}[a]"
    read = inputs(plan, audio, sources.source.url, sources.other_urls)
    options = ["-loglevel", "info", *read, "-filter_complex", graph, "-map", "[a]"]
    left_s = deadline.left_s(f"measuring the loudness of {sources.source.name}")
    stderr = run_ffmpeg([*options, "-f", "null", "-"], sources.source, timeout_s=left_s)
    return parse(stderr), lost_connection(stderr)


def audio_options(
    plan: Plan,
    audio: Audio,
    sources: Sources,
    files: dict[str, Path],
    found: Measured | None = None,
) -> list[str]:
    """ffmpeg's options: one decode, split to every encoder."""
    trunk = [sound_graph(plan, audio)]
    if audio.change and audio.change.loudness and found:
        trunk.append(setting_filters(audio.change.loudness, found, audio.sample_rate_hz))
    heads = [f"[a{i}]" for i in range(len(audio.tracks))]
    graph = [",".join((*trunk, f"asplit={len(heads)}{''.join(heads)}"))]
    outputs: list[str] = []
    for i, (track, shape) in enumerate(zip(audio.tracks, track_filters(audio.tracks), strict=True)):
        pad = heads[i]
        if shape:
            pad = f"[o{i}]"
            graph.append(f"{heads[i]}{shape}{pad}")
        outputs += ["-map", pad, *encoder_options(track), str(files[track.name])]
    read = inputs(plan, audio, sources.source.url, sources.other_urls)
    return [*_TELLING, *read, "-filter_complex", ";".join(graph), *outputs]


def _short(audio: Audio, parts: dict[str, Made]) -> str | None:
    """What is missing against the length the source's own tables give."""
    if audio.duration_s is None:
        return None
    end_s = min(part.end_s for part in parts.values())
    if end_s >= audio.duration_s - TOLERANCE_S:
        return None
    return f"{float(end_s):.2f} s instead of {float(audio.duration_s):.2f} s"
