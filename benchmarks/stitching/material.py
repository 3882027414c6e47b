"""A job of many parts: a few that were rendered by the project's own functions, used many times.

Different key frames, sizes and tables follow each other as in a real job; only the pictures repeat.
A part's times begin at 0, so that it fits any place in a plan.
"""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from shutil import copyfile
from typing import Any

from benchmarks.snapshot_bytes import LIMITS, SETTINGS, Counted, OneSource, served
from benchmarks.source import make_source
from functions.plan_render.planning import make_plan
from functions.render_audio.render import render_audio
from functions.render_chunk.render import render_chunk
from functions.shared.job import parse_input
from functions.shared.media_store import Keys
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.track import read_movie
from functions.shared.plan import Plan, Source

JOB = "stitched"
OUTPUT = "film"
PART_S = 10
DIFFERENT = 6
_PLENTY_S = 3600.0


@dataclass(frozen=True)
class Parts:
    """Chunks of PART_S each and a minute of sound, on disk."""

    plan: Plan
    chunks: list[Path]
    sound: Path | None

    @property
    def chunk_bytes(self) -> int:
        """Mean."""
        return sum(file.stat().st_size for file in self.chunks) // len(self.chunks)


class Kept(OneSource):
    """Parts go to a folder."""

    def __init__(self, url: str, source: Source, folder: Path) -> None:
        super().__init__(url, source)
        self.folder = folder
        self.bucket = source.bucket

    def upload(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:
        _ = content_type, metadata
        copyfile(file, self.folder / key.replace("/", "-"))


def make_parts(ffmpeg: Path, folder: Path, kbps: int, container: str) -> Parts:
    """Rendered once and kept in `folder`: 720p at 30 frames a second, its rate held by x264."""
    file = make_source(ffmpeg, folder, DIFFERENT * PART_S)
    kept = folder / f"parts-{kbps}k"
    kept.mkdir(parents=True, exist_ok=True)
    size_bytes = file.stat().st_size
    source = Source(bucket="b", key="source", etag='"0"', size_bytes=size_bytes, container="")
    coding = {"codec": "h264", "bitrate_kbps": kbps, "preset": "veryfast"}
    output = {"name": OUTPUT, "height": 720, "container": container, "video": coding}
    request = parse_input(
        {"source": "s3://bucket/source", "chunk_s": PART_S, "render": {"outputs": [output]}}
    )
    keys = Keys(JOB)
    with served(file, 0, Counted()) as url:
        store = Kept(url, source, kept)
        plan = make_plan(
            JOB, request, source, store, settings=SETTINGS, limits=LIMITS, timeout_s=60
        )
        store.plan = plan
        sounds = [kept / keys.audio(t.file_name).replace("/", "-") for t in _tracks(plan)]
        chunks = [
            kept / keys.chunk(OUTPUT, chunk.index, plan.outputs[0].part_suffix).replace("/", "-")
            for chunk in plan.chunks
        ]
        if not all(part.exists() for part in (*chunks, *sounds)):
            for chunk in plan.chunks:
                render_chunk(store, JOB, chunk, remaining_s=_PLENTY_S)
            render_audio(store, JOB, remaining_s=_PLENTY_S)
    whole = [
        part
        for part, chunk in zip(chunks, plan.chunks, strict=True)
        if chunk.frames == plan.chunk_frames
    ]
    # Where the source's colour tags change on the way, so does the configuration.
    first = _config(whole[0])
    alike = [part for part in whole if _config(part) == first]
    return Parts(plan, alike, sounds[0] if sounds else None)


def _config(part: Path) -> str:
    return read_movie(FileBytes(part)).tracks[0].config_sha256


def _tracks(plan: Plan) -> tuple[Any, ...]:
    return plan.audio.tracks if plan.audio else ()


def write_job(ffmpeg: Path, parts: Parts, count: int, folder: Path) -> tuple[Path, Plan]:
    """A manifest of all that the job's parts are, for the store; and their plan."""
    frames = count * parts.plan.chunk_frames
    length_s = frames / parts.plan.video.rate
    audio = parts.plan.audio
    plan = parts.plan.model_copy(
        update={
            "video": parts.plan.video.model_copy(update={"total_frames": frames}),
            "audio": audio and audio.model_copy(update={"duration_s": length_s}),
        }
    )
    keys, facts = Keys(JOB), {"plan": plan.hash}
    told = folder / "plan.json"
    told.write_text(plan.model_dump_json(), "utf-8")
    manifest: dict[str, Any] = {keys.plan: {"file": str(told), "metadata": {}}}
    digests = {file: _sha256(file) for file in parts.chunks}
    frames_told = str(plan.chunk_frames)
    for chunk in plan.chunks:
        # In an order that does not repeat soon.
        file = parts.chunks[(chunk.index * chunk.index + chunk.index // 3) % len(parts.chunks)]
        key = keys.chunk(OUTPUT, chunk.index, plan.outputs[0].part_suffix)
        about = {**facts, "sha256": digests[file], "frames": frames_told}
        manifest[key] = {"file": str(file), "metadata": about}
    if parts.sound is not None:
        [track] = _tracks(plan)
        sound = _lengthened(ffmpeg, parts.sound, length_s, folder)
        about = {**facts, "sha256": _sha256(sound)}
        manifest[keys.audio(track.file_name)] = {"file": str(sound), "metadata": about}
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest), "utf-8")
    return path, plan


def _lengthened(ffmpeg: Path, sound: Path, length_s: Fraction, folder: Path) -> Path:
    """The same packets again and again."""
    file = folder / f"sound{sound.suffix}"
    command = [
        *(str(ffmpeg), "-nostdin", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(sound)),
        *("-t", str(float(length_s)), "-c", "copy", "-movflags", "+faststart", str(file)),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return file


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
