"""Are a stream's parts what the plan says, and do they follow each other? Nothing is decoded."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from functions.assemble_render.checks import (
    CheckedAudio,
    check_audio,
    check_frames,
    open_part,
)
from functions.assemble_render.stored import StoredFile, check_digest
from functions.shared.errors import PartMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.mp4.fragments import Fragmented, check_segments, read_fragmented
from functions.shared.mp4.inspection import named
from functions.shared.mp4.source import ByteSource, read_exactly
from functions.shared.mp4.stitch import BLOCK_BYTES
from functions.shared.plan import Chunk, Output, Plan, Stream


@dataclass(frozen=True, slots=True)
class CheckedSegments:
    """A rung's part of one chunk that agrees with the plan."""

    file: StoredFile
    part: Fragmented


@dataclass(frozen=True, slots=True)
class CheckedRung:
    """A rung's parts, which have one init and follow each other."""

    output: Output
    parts: Sequence[CheckedSegments]

    @property
    def frames(self) -> int:
        return sum(each.part.frames for each in self.parts)


@dataclass(frozen=True, slots=True)
class CheckedStream:
    """A stream all of whose parts agree with the plan and with each other."""

    stream: Stream
    rungs: Sequence[CheckedRung]
    audio: CheckedAudio | None


def check_streams(
    store: MediaStore, job_id: str, plan: Plan, frames: int | None, threads: Executor
) -> list[CheckedStream]:
    """`frames`: what the job's other outputs have, if there are any. Raises PartMissing,
    PartForeign or PartMismatch, naming the rung and chunk."""
    checked = [_check_stream(store, job_id, plan, stream, threads) for stream in plan.streams]
    for stream in checked:
        for rung in stream.rungs:
            frames = rung.frames if frames is None else frames
            if rung.frames != frames:
                raise PartMismatch(
                    f"output {rung.output.name} has {rung.frames} frames, others have {frames}"
                )
    return checked


def _check_stream(
    store: MediaStore, job_id: str, plan: Plan, stream: Stream, threads: Executor
) -> CheckedStream:
    outputs = {output.name: output for output in plan.outputs}
    rungs = [_check_rung(store, job_id, plan, outputs[name], threads) for name in stream.rungs]
    audio = None
    if stream.audio_track is not None and plan.audio is not None:
        audio = check_audio(store, job_id, plan, plan.audio.track(stream.audio_track))
    return CheckedStream(stream, rungs, audio)


def _check_rung(
    store: MediaStore, job_id: str, plan: Plan, output: Output, threads: Executor
) -> CheckedRung:
    check = partial(_check_chunk, store, job_id, plan, plan.hash, output)
    parts = list(threads.map(check, plan.chunks))
    for each in parts[1:]:
        if each.part.init != parts[0].part.init:
            raise PartMismatch(f"{each.file.name} has another codec configuration than chunk 0")
    return CheckedRung(output, parts)


def _check_chunk(
    store: MediaStore, job_id: str, plan: Plan, plan_hash: str, output: Output, chunk: Chunk
) -> CheckedSegments:
    name = f"chunk {chunk.index} of output {output.name}"
    key = Keys(job_id).chunk(output.name, chunk.index)
    file, source = open_part(store, key, name, plan_hash)
    with named(name):
        read = _Forward(source, file)
        part = read_fragmented(read)
        read.finish()
        check_frames(plan, chunk, part.frames, file.metadata.get("frames"))
        check_segments(
            part,
            start_frame=chunk.start_frame,
            segment_frames=output.segment_frames or chunk.frames,
            timescale=plan.video.timescale,
            frame_ticks=plan.video.frame_ticks,
        )
        if (part.track.width, part.track.height) != (output.width, output.height):
            raise PartMismatch(
                f"is {part.track.width}x{part.track.height}, the plan says"
                f" {output.width}x{output.height}"
            )
        return CheckedSegments(file, part)


class _Forward:
    """A part read once, front to back, block by block: what looks at boxes on the way asks in
    order, and everything that goes by is held against the part's SHA-256 in the end."""

    def __init__(self, source: ByteSource, file: StoredFile) -> None:
        self.size_bytes = source.size_bytes
        self._source = source
        self._file = file
        self._digest = sha256()
        self._start = 0
        self._held = b""

    def read(self, offset: int, length: int) -> bytes:
        while self._end < min(offset + length, self.size_bytes):
            self._next_block(keep_from=offset)
        first = offset - self._start
        if first < 0:
            raise PartMismatch("has boxes that overlap")
        return self._held[first : first + length]

    def finish(self) -> None:
        while self._end < self.size_bytes:
            self._next_block(keep_from=self.size_bytes)
        check_digest(self._digest.hexdigest(), self._file)

    @property
    def _end(self) -> int:
        return self._start + len(self._held)

    def _next_block(self, keep_from: int) -> None:
        at = self._end
        block = read_exactly(self._source, at, min(BLOCK_BYTES, self.size_bytes - at))
        self._digest.update(block)
        kept = self._held[max(0, keep_from - self._start) :] if keep_from < at else b""
        self._held = kept + block
        self._start = at - len(kept)
