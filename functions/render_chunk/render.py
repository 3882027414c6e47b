"""Renders one chunk: every output's part from one decode, checked before it is stored."""

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from functions.render_chunk.colour import pixel_filter, source_filters, tone_filters
from functions.render_chunk.encoder import coding_options, container_options
from functions.render_chunk.segments import in_segments, key_frame_options
from functions.shared.brightness import PQ_WHITE
from functions.shared.containers import content_type
from functions.shared.cut import (
    Cut,
    grid_graph,
    prerolls_s,
    read_options,
    reads_from_start,
    rebase,
)
from functions.shared.errors import (
    ChunkIncomplete,
    InvalidRequest,
    PartMismatch,
    SourceTruncated,
    TransientError,
)
from functions.shared.ffmpeg import Input, lost_connection, run_ffmpeg
from functions.shared.media_store import Keys
from functions.shared.mp4.inspection import VideoPart, inspect_part
from functions.shared.mp4.source import FileBytes
from functions.shared.overlay_filters import Layers, prepare
from functions.shared.parts import Deadline, Store, check_source, made, open_source
from functions.shared.picture_filters import edit_filters, frame_filters
from functions.shared.plan import Chunk, Plan


@dataclass(frozen=True)
class Attempt:
    """What one ffmpeg run made. `problem` says why its parts are not usable."""

    frames: int
    problem: str | None
    lost: bool
    """The connection to the source failed on the way, though ffmpeg ended well."""


def render_chunk(store: Store, job_id: str, wanted: Chunk, *, remaining_s: float) -> int:
    """Make the chunk's parts unless they are there; returns the number of frames.

    Raises SourceChanged, SourceTruncated, ChunkIncomplete, FfmpegFailed, RenderTimedOut,
    TransientError.
    """
    deadline = Deadline(remaining_s)
    plan = store.read_plan(job_id)
    if wanted not in plan.chunks:
        raise InvalidRequest(
            f"Frames {wanted.start_frame} to {wanted.end_frame} are not chunk {wanted.index} of"
            f" job {job_id}'s plan."
        )
    keys = Keys(job_id)
    parts = {
        output.name: keys.chunk(output.name, wanted.index, output.part_suffix)
        for output in plan.outputs
    }
    done = [made(store, key, plan.hash) for key in parts.values()]
    if done[0] is not None and all(done):
        return int(done[0].metadata["frames"])
    source = open_source(store, plan.source)
    with tempfile.TemporaryDirectory(prefix="chunk-") as folder:
        files = {name: Path(folder) / f"{name}{Path(key).suffix}" for name, key in parts.items()}
        layers = prepare(store, plan, Path(folder))
        frames = _render(plan, wanted, source, files, layers, deadline)
        check_source(store, plan.source)
        for output in plan.outputs:
            file = in_segments(plan, wanted, output, files[output.name])
            facts = {"plan": plan.hash, "frames": str(frames)}
            store.upload(parts[output.name], file, content_type(output.part_suffix), facts)
    return frames


def _render(
    plan: Plan,
    chunk: Chunk,
    source: Input,
    files: dict[str, Path],
    layers: Layers,
    deadline: Deadline,
) -> int:
    """Try larger and larger prerolls until the chunk has its frames."""
    tried: list[Attempt] = []
    for preroll_s in prerolls_s(plan.source.container):
        cut = _cut(plan, chunk, preroll_s)
        options = chunk_options(plan, cut, source.url, files, layers)
        stderr = run_ffmpeg(options, source, timeout_s=deadline.left_s(_doing(chunk, source)))
        attempt = _inspect(plan, chunk, files, lost=lost_connection(stderr))
        if attempt.problem is None:
            return attempt.frames
        tried.append(attempt)
        if reads_from_start(plan, cut):
            break
    raise _failure(plan, chunk, source, tried[-1])


def _cut(plan: Plan, chunk: Chunk, preroll_s: Fraction | None) -> Cut:
    """A last chunk that runs to the source's end is rendered past its planned end, because lengths
    lie; but not without bound: the plan was held against the limit on duration."""
    slack = plan.frame_slack(chunk)
    return Cut(chunk.start_frame, chunk.end_frame + (slack + 1 if slack else 0), preroll_s)


def _is_last(plan: Plan, chunk: Chunk) -> bool:
    return chunk.end_frame == plan.video.total_frames


def chunk_options(
    plan: Plan, cut: Cut, url: str, files: dict[str, Path], layers: Layers
) -> list[str]:
    """ffmpeg's options: one decode, split to every output's encoder."""
    count = len(plan.outputs)
    pads = "".join(f"[s{i}]" for i in range(count))
    common = [grid_graph(plan, cut), *edit_filters(plan.picture), f"split={count}{pads}"]
    graph = [",".join(common)]
    options: list[str] = []
    for i, output in enumerate(plan.outputs):
        framed = [
            *source_filters(output.coding),
            *frame_filters(output),
            *tone_filters(output.coding),
        ]
        chain, size = f"[s{i}]{','.join(framed)}", (output.width, output.height)
        white = PQ_WHITE if output.coding.is_pq else 1.0
        laid = layers.over(chain, cut, size, output.coding.pixel_format, f"o{i}", white=white)
        graph.append(f"{laid},{pixel_filter(output.coding)},{rebase(cut)}[o{i}]")
        options += ["-map", f"[o{i}]", *coding_options(plan, output), *key_frame_options(output)]
        options += [*container_options(plan, output), str(files[output.name])]
    inputs = [*read_options(plan, url, cut), *layers.inputs()]
    return [*inputs, "-filter_complex", ";".join(graph), *options]


def _inspect(plan: Plan, chunk: Chunk, files: dict[str, Path], *, lost: bool) -> Attempt:
    """Hold the parts against the plan. A part without a frame has no readable tables."""
    parts: list[VideoPart] = []
    try:
        for output in plan.outputs:
            part = inspect_part(
                FileBytes(files[output.name]),
                timescale=plan.video.timescale,
                frame_ticks=plan.video.frame_ticks,
                name=f"output {output.name}",
            )
            parts.append(part)
    except PartMismatch as error:
        return Attempt(0, str(error), lost)
    counts = {part.frames for part in parts}
    frames = min(counts)
    if len(counts) > 1:
        return Attempt(frames, f"its outputs have different frame counts, {sorted(counts)}", lost)
    if abs(frames - chunk.frames) > plan.frame_slack(chunk):
        return Attempt(frames, f"{frames} frames instead of {chunk.frames}", lost)
    if lost:
        return Attempt(frames, "its last pictures may be damaged", lost)
    return Attempt(frames, None, lost)


def _failure(plan: Plan, chunk: Chunk, source: Input, last: Attempt) -> Exception:
    span = f"frames {chunk.start_frame} to {chunk.end_frame}"
    where = f"Chunk {chunk.index} of {source.name} ({span})"
    if last.lost:
        return TransientError(f"{where} lost its connection to the source: {last.problem}.")
    if _is_last(plan, chunk) and last.frames < chunk.frames:
        real = chunk.start_frame + last.frames
        return SourceTruncated(
            f"{source.name} ends early: its tables promise {plan.video.total_frames} frames at"
            f" {float(plan.video.rate):.3f} per second and it has {real}."
        )
    return ChunkIncomplete(f"{where} could not be cut at any preroll: {last.problem}.")


def _doing(chunk: Chunk, source: Input) -> str:
    return f"rendering chunk {chunk.index} of {source.name}"
