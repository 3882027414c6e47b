"""A job with an edit, rendered in chunks, and the same by one ffmpeg that knows nothing of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.render_chunk.render import render_chunk
from functions.shared.media_store import Keys
from functions.shared.plan import Plan
from tests.media.support import (
    JOB,
    PLENTY_S,
    Decoded,
    FolderStore,
    decode,
    plan_job,
    request,
    run_ffmpeg,
    stitch_job,
)

LOSSLESS = {"crf": 0, "preset": "superfast"}


def plan_edit(
    store: FolderStore, file: Path, edit: Mapping[str, Any], output: Mapping[str, Any]
) -> Plan:
    """Chunks of 2 s without sound, whose decoded pictures are those that were encoded."""
    asked = {"video": LOSSLESS, "audio": None, **output}
    return plan_job(store, request(render={"outputs": [asked]}, chunk_s=2, edit=edit), file)


def put(store: FolderStore, key: str, data: bytes) -> None:
    path = store.path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def in_chunks(ffmpeg: Path, store: FolderStore, plan: Plan) -> Decoded:
    for chunk in plan.chunks:
        render_chunk(store, JOB, chunk, remaining_s=PLENTY_S)
    return decode(ffmpeg, stitch_job(store, plan, plan.outputs[0].name))


def in_one_piece(ffmpeg: Path, inputs: list[Any], graph: str, folder: Path) -> Decoded:
    """By a graph from `[0:v]` to `[v]`."""
    whole = folder / "whole.mp4"
    encoder = ["-c:v", "libx264", "-preset", "superfast", "-crf", "0", "-pix_fmt", "yuv420p"]
    run_ffmpeg([ffmpeg, *inputs, "-filter_complex", graph, "-map", "[v]", "-an", *encoder, whole])
    return decode(ffmpeg, whole)


def as_one_chunk(ffmpeg: Path, store: FolderStore, plan: Plan) -> Decoded:
    """By our own functions, where nothing is left of the cuts."""
    whole = plan.model_copy(update={"chunk_frames": plan.video.total_frames})
    store.write_plan(whole)
    for chunk in plan.chunks:
        store.path(Keys(JOB).chunk(plan.outputs[0].name, chunk.index)).unlink()
    return in_chunks(ffmpeg, store, whole)


def first_difference(ours: Decoded, whole: Decoded) -> str:
    """Where two renders part, for a message."""
    for number, (is_, should_be) in enumerate(zip(ours.pictures, whole.pictures, strict=False)):
        if is_ != should_be:
            return f"frame {number} differs"
    return f"{len(ours.pictures)} frames instead of {len(whole.pictures)}"


def check_same(ours: Decoded, whole: Decoded) -> None:
    assert ours.pictures == whole.pictures, first_difference(ours, whole)
    assert len(set(ours.pictures)) > 1
