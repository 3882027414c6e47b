"""A small real job whose parts are all in a bucket, ready to be assembled."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from functions.assemble_render.assemble import assemble
from functions.assemble_render.result import Result
from functions.shared.jobs_table import ended
from functions.shared.media_store import Keys, MediaStore, snapshot_name
from functions.shared.plan import (
    Audio,
    Clock,
    Coding,
    Output,
    Plan,
    Snapshots,
    SoundTrack,
    Source,
    Video,
)

JOB = "job-1"
FRAMES = 60
SOUND = SoundTrack(
    name="aac-96k",
    container="mp4",
    codec="aac",
    bitrate_kbps=96,
    sample_rate_hz=None,
    channels=None,
    bit_depth=None,
)
AUDIO = Audio(stream_index=1, sample_rate_hz=48_000, tracks=(SOUND,), duration_s=Fraction(2))


def make_plan(**changes: Any) -> Plan:
    """Two outputs, sound and two pictures in two sizes; chunks of 24, 24 and 12 frames."""
    whole: dict[str, Any] = {
        "job_id": JOB,
        "source": Source(bucket="b", key="k", etag="e", size_bytes=1, container="mov,mp4"),
        "clock": Clock(zero_s=Fraction(0), container_start_s=Fraction(0)),
        "video": Video(stream_index=0, rate=Fraction(30000, 1001), total_frames=FRAMES),
        "audio": AUDIO,
        "outputs": (make_output("90p", 160, 90), make_output("72p", 128, 72)),
        "snapshots": Snapshots(
            frames=(0, 30), sizes=((160, 90), (64, 36)), format="jpeg", batch_size=1
        ),
        "chunk_frames": 24,
        "threads": 2,
        "max_parallel": 4,
    }
    return Plan(**{**whole, **changes})


def make_output(name: str, width: int, height: int) -> Output:
    return Output(
        name=name,
        width=width,
        height=height,
        coding=Coding(crf=28),
        keyint=24,
        audio_track=SOUND.name,
    )


@dataclass
class Job:
    """A job's parts in the store, and ways to spoil them."""

    store: MediaStore
    plan: Plan
    begun: list[list[str]] = field(default_factory=list)
    """What was published at each moment that publishing began."""
    is_ended: bool = False
    """By a cancel."""

    @property
    def keys(self) -> Keys:
        return Keys(JOB)

    @cached_property
    def plan_hash(self) -> str:
        return self.plan.hash

    def put(self, key: str, data: bytes, **metadata: str) -> None:
        """Store a part as a worker does; `metadata` replaces what it would say."""
        facts = {"plan": self.plan_hash, "sha256": sha256(data).hexdigest(), **metadata}
        self.store.write(key, data, "application/octet-stream", facts)

    def put_chunk(self, output: str, index: int, file: Path, frames: int) -> None:
        self.put(self.keys.chunk(output, index), file.read_bytes(), frames=str(frames))

    def put_pictures(self) -> None:
        for index, frame in enumerate(self.plan.snapshots.frames if self.plan.snapshots else ()):
            for width in (160, 64):
                key = self.keys.snapshot_part(snapshot_name(index, width, "jpeg"))
                self.put(key, b"\xff\xd8 picture %d %d" % (index, width), frame=str(frame))

    def respoil(self, key: str, data: bytes | None = None, **metadata: str) -> None:
        """Store an object again with other bytes or metadata and everything else as it was."""
        part = self.store.head(key)
        assert part is not None
        body = self.store.read(key) if data is None else data
        self.store.write(key, body, "application/octet-stream", {**part.metadata, **metadata})

    def delete(self, key: str) -> None:
        self.store.s3.delete_object(Bucket=self.store.bucket, Key=key)

    def assemble(self) -> Result:
        return assemble(self.store, JOB, self.begin_publishing, remaining_s=300)

    def begin_publishing(self) -> None:
        self.begun.append(self.published())
        if self.is_ended:
            raise ended(JOB)

    def published(self) -> list[str]:
        """Every key a client could see as a result."""
        listed = self.store.s3.list_objects_v2(Bucket=self.store.bucket, Prefix=self.keys.root)
        keys = [found["Key"] for found in listed.get("Contents", [])]
        return [k for k in keys if k.startswith(f"{self.keys.root}out/") or k == self.keys.result]

    def open_uploads(self) -> int:
        listed = self.store.s3.list_multipart_uploads(Bucket=self.store.bucket)
        return len(listed.get("Uploads", []))

    def result(self) -> Mapping[str, Any]:
        loaded: dict[str, Any] = json.loads(self.store.read(self.keys.result))
        return loaded

    @contextmanager
    def before(self, operation: str, act: Callable[[], None], nth: int = 1) -> Iterator[None]:
        """Do something just before the n-th call of an S3 operation is sent."""
        with self._at(f"before-call.s3.{operation}", act, nth):
            yield

    @contextmanager
    def after(self, operation: str, act: Callable[[], None]) -> Iterator[None]:
        """Do something just after the first call of an S3 operation was answered."""
        with self._at(f"after-call.s3.{operation}", act, 1):
            yield

    @contextmanager
    def _at(self, event: str, act: Callable[[], None], nth: int) -> Iterator[None]:
        calls = 0

        def on_call(**_: object) -> None:
            nonlocal calls
            calls += 1
            if calls == nth:
                act()

        events = self.store.s3.meta.events
        events.register(event, on_call)
        try:
            yield
        finally:
            events.unregister(event, on_call)
        assert calls >= nth, f"{event} was seen {calls} times"
