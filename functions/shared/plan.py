"""What a job will make, frame by frame: written once by plan_render, read by every worker."""

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict

_FINE_ENOUGH = 10_000
"""Ticks per second below which players round times visibly."""


class Frozen(BaseModel):
    """Base of the plan's records: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Chunk(Frozen):
    """A half-open range of output frame numbers."""

    index: int
    start_frame: int
    end_frame: int

    @property
    def frames(self) -> int:
        return self.end_frame - self.start_frame


class Source(Frozen):
    """The one object every worker reads. `etag` pins its bytes for the whole job."""

    bucket: str
    key: str
    etag: str
    size_bytes: int
    container: str
    """FFmpeg's demuxer name, e.g. `mov,mp4,m4a,3gp,3g2,mj2` or `mpegts`."""


class Clock(Frozen):
    """Seconds on the source's own timestamps; all output times count from `zero_s`."""

    zero_s: Fraction
    """Earliest start of the streams used."""
    container_start_s: Fraction
    """What ffmpeg's input `-ss` counts from."""


class Video(Frozen):
    """The source's video stream and the output frame grid laid over it."""

    stream_index: int
    rate: Fraction
    """Output frames per second."""
    total_frames: int
    """Planned; the last chunk, which is rendered open-ended, settles the true total."""
    colours_valid: bool = True
    """False where the source's colour tags are values that no standard defines, which ffmpeg
    refuses to scale; they are then taken as unknown."""

    @property
    def timescale(self) -> int:
        """Ticks per second of the rendered track: a frame is always a whole number of ticks."""
        return self.rate.numerator * (1 if self.rate.numerator >= _FINE_ENOUGH else 512)

    @property
    def frame_ticks(self) -> int:
        return int(self.timescale / self.rate)


class Audio(Frozen):
    """The source's audio stream and the distinct encodings of it that the outputs need."""

    stream_index: int
    bitrates_kbps: tuple[int, ...]
    duration_s: Fraction | None
    """Trusted length on the job's clock, or None where the container does not say."""


class Output(Frozen):
    """One file to make."""

    name: str
    width: int
    height: int
    crf: int
    preset: str
    keyint: int
    """Frames between forced key frames; a chunk is a whole number of these."""
    audio_bitrate_kbps: int | None
    """None: no audio track."""


class Snapshots(Frozen):
    """Pictures of single output frames, each in every size."""

    frames: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    """(width, height) in pixels."""
    format: Literal["jpeg", "png"]
    batch_size: int
    """Pictures one worker takes."""

    @property
    def batch_count(self) -> int:
        return -(-len(self.frames) // self.batch_size)

    def batch(self, number: int) -> Iterator[tuple[int, int]]:
        """(index, frame) of the pictures in one batch."""
        first = number * self.batch_size
        yield from enumerate(self.frames[first : first + self.batch_size], start=first)


class Plan(Frozen):
    """Everything a worker needs beside its own number."""

    job_id: str
    source: Source
    clock: Clock
    video: Video
    audio: Audio | None
    outputs: tuple[Output, ...]
    snapshots: Snapshots | None
    chunk_frames: int
    threads: int
    """Encoder and decoder threads; part of the plan because output bytes depend on it."""
    max_parallel: int
    notes: tuple[str, ...] = ()
    """Sentences on what the job will lack, for its result."""

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The cuts. A tail under half a chunk joins the chunk before it."""
        if not self.outputs:
            return ()
        total = self.video.total_frames
        starts = list(range(0, total, self.chunk_frames))
        if len(starts) > 1 and 2 * (total - starts[-1]) < self.chunk_frames:
            starts.pop()
        return tuple(
            Chunk(index=i, start_frame=a, end_frame=b)
            for i, (a, b) in enumerate(zip(starts, [*starts[1:], total], strict=True))
        )

    def frame_slack(self, chunk: Chunk) -> int:
        """How many frames a chunk may have more or fewer than planned.

        None, but for the last: containers lie about their length, so it is rendered to the source's
        real end, and that may lie 2 frames or half a second from the planned one.
        """
        is_last = chunk.end_frame == self.video.total_frames
        return max(2, round(self.video.rate / 2)) if is_last else 0

    @property
    def hash(self) -> str:
        """Identifies what parts hold; equal plans make equal parts, so a part can be reused."""
        shaping = self.model_dump_json(exclude={"job_id", "max_parallel", "notes"})
        return hashlib.sha256(shaping.encode()).hexdigest()
