"""One call: look at the stream, take the pictures whose moments have come, say when to call again.

A stream is waited for, and a moment that has no picture is passed over: only where there is none at
all in the end, the job fails.
"""

import contextlib
import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from functions.shared import errors
from functions.shared.errors import (
    FfmpegFailed,
    ReelwrightError,
    RenderTimedOut,
    SourceTooLarge,
    SourceUnreachable,
    StreamEnded,
    StreamNotUp,
    StreamStalled,
    TransientError,
)
from functions.shared.hls import Segment
from functions.shared.media_store import Keys, snapshot_name
from functions.shared.parts import Deadline
from functions.shared.plan import LivePlan, LiveRecord, Plan
from functions.shared.web import Web, bare
from functions.shared.web_reading import Reader
from functions.take_live_snapshots import bodies
from functions.take_live_snapshots.course import due, moment, notes, reason, whole_seconds
from functions.take_live_snapshots.edge import Edge
from functions.take_live_snapshots.picture import Picture, Piece, take_picture
from functions.take_live_snapshots.stream import Clock, Playlist, find_stream, next_edge
from functions.take_live_snapshots.watch import Answer, Trouble, Watch

MOST_AT_ONCE = 20
"""Moments of one call."""
MOST_SEGMENT_BYTES = 64 << 20
"""Ten seconds at 50 Mbit/s."""
SILENCE_S = 300.0
"""A stream that gave no picture at its moments for so long is taken as over."""
_LOOK_EVERY_S = 10.0
_PICTURES_S = 40.0
"""Of a call's time, for decoding what was read."""
_WAITED_FOR = (SourceUnreachable, TransientError, RenderTimedOut, StreamNotUp, StreamStalled)
"""What a stream that isn't up yet answers with."""
_CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}


class Store(Protocol):
    """What is needed of the media store."""

    def read_any_plan(self, job_id: str) -> Plan | LivePlan: ...

    def upload(self, key: str, file: Path, content_type: str, metadata: dict[str, str]) -> None: ...

    def write(
        self, key: str, body: bytes, content_type: str, metadata: dict[str, str] | None = None
    ) -> None: ...


@dataclass(frozen=True)
class Surroundings:
    """What a call works with."""

    store: Store
    web: Web
    max_pixels: int
    clock: Clock = field(default_factory=Clock)


def watch_stream(
    job_id: str, watch: Watch | None, around: Surroundings, remaining_s: float
) -> Answer:
    """Raises StreamNotUp, StreamStalled, StreamEnded or what is wrong with the source, once there
    can't be a picture any more and none was taken."""
    plan = around.store.read_any_plan(job_id)
    if not isinstance(plan, LivePlan):
        raise errors.InvalidRequest(f"Job {job_id} is not for a live stream.")
    call = Call(plan, watch or Watch(looking_since_s=around.clock.now_s()), around)
    deadline = Deadline(remaining_s)
    try:
        call.look(deadline)
    except StreamEnded as error:
        call.change(trouble=Trouble.of(error))
        return call.finish()
    except _WAITED_FOR as error:
        return call.wait_for(error)
    except ReelwrightError as error:
        if call.watch.started_s is None:
            raise
        return call.wait_for(error)
    return call.again()


class Call:
    """One call's work, and how far it brings the watch."""

    def __init__(self, plan: LivePlan, watch: Watch, around: Surroundings) -> None:
        self.plan = plan
        self.watch = watch
        self.around = around
        self.clock = around.clock
        self.over = False

    def change(self, **fields: object) -> None:
        self.watch = self.watch.model_copy(update=fields)

    def look(self, deadline: Deadline) -> None:
        """Take what is due. Raises what keeps it from it."""
        began_s = self.clock.now_s()
        left_s = deadline.left_s("looking at the stream") - _PICTURES_S
        with (
            tempfile.TemporaryDirectory(prefix="live-") as folder,
            Reader(self.around.web, left_s) as reader,
        ):
            found = find_stream(reader, self.plan.source, self.plan.widths[-1])
            if isinstance(found, Playlist):
                edge = next_edge(reader, found, self.clock)
                self._begin(began_s)
                self._take_due(reader, edge, deadline, Path(folder))
            else:
                with contextlib.closing(found):
                    shown = bodies.read_picture(
                        found, self.plan, Path(folder), self.around.max_pixels, self.clock
                    )
                self._begin(began_s)
                self._keep_shown(shown)

    def _begin(self, began_s: float) -> None:
        if self.watch.started_s is None:
            self.change(started_s=began_s)
        self.change(silent_since_s=None)

    def _take_due(self, reader: Reader, edge: Edge, deadline: Deadline, folder: Path) -> None:
        most = None if edge.ended else MOST_AT_ONCE
        for index in due(self.plan, self.watch, edge.seen_at_s)[:most]:
            if deadline.left_s("taking live snapshots") < _PICTURES_S:
                break
            taken = self._take(reader, edge, index, folder)
            self.change(
                next_index=index + 1,
                missed=self.watch.missed if taken else (*self.watch.missed, index),
            )
        self.over = edge.ended

    def _take(self, reader: Reader, edge: Edge, index: int, folder: Path) -> bool:
        started_s = self.watch.started_s or 0.0
        for place in edge.places(started_s + self.plan.moments_s[index]):
            try:
                piece = _fetched(reader, place.segment, folder)
                found = take_picture(
                    piece, place.position_s, self.plan, folder, self.around.max_pixels
                )
            except (FfmpegFailed, SourceTooLarge, *_WAITED_FOR) as error:
                self.change(trouble=Trouble.of(error))
                continue
            self._keep(index, found, place.live_at_s)
            return True
        return False

    def _keep_shown(self, shown: bodies.Shown) -> None:
        """What was read shows the stream now: it is the next moment's, if that has come."""
        for index in due(self.plan, self.watch, shown.seen_at_s)[:1]:
            self._keep(index, shown.pictures, shown.seen_at_s)
            self.change(next_index=index + 1)
        self.over = shown.ended

    def _keep(self, index: int, pictures: list[Picture], live_at_s: float) -> None:
        for picture in pictures:
            name = snapshot_name(index, picture.wanted_width, self.plan.format)
            facts = {
                "plan": self.plan.hash,
                "started": moment(self.watch.started_s or 0.0),
                "live": moment(live_at_s),
                "width": str(picture.width),
                "height": str(picture.height),
            }
            key = Keys(self.plan.job_id).snapshot_part(name)
            self.around.store.upload(key, picture.file, _CONTENT_TYPES[self.plan.format], facts)

    def again(self) -> Answer:
        """After a look: over, or when the next moment comes."""
        if self.watch.next_index >= len(self.plan.moments_s):
            return self.finish()
        if self.over:
            ended = StreamEnded(f"The stream {bare(self.plan.source)} has ended.")
            self.change(trouble=Trouble.of(ended))
            return self.finish()
        return self._later(
            (self.watch.started_s or 0.0) + self.plan.moments_s[self.watch.next_index]
        )

    def wait_for(self, error: ReelwrightError) -> Answer:
        """After a look that showed nothing."""
        now_s = self.clock.now_s()
        self.change(trouble=Trouble.of(error))
        if self.watch.started_s is None:
            left_s = self.watch.looking_since_s + self.plan.wait_s - now_s
            if left_s <= 0:
                return self.finish()
            return self._later(now_s + min(_LOOK_EVERY_S, left_s))
        silent_since_s = self.watch.silent_since_s or now_s
        passed = due(self.plan, self.watch, now_s)
        self.change(
            silent_since_s=silent_since_s,
            missed=(*self.watch.missed, *passed),
            next_index=self.watch.next_index + len(passed),
        )
        if now_s - silent_since_s >= SILENCE_S:
            return self.finish()
        return self.again()

    def _later(self, at_s: float) -> Answer:
        return Answer(watch=self.watch, over=False, again_at=whole_seconds(at_s))

    def finish(self) -> Answer:
        """The last word: what was taken, and what is missing and why."""
        if not self.watch.taken:
            raise reason(self.plan, self.watch)
        record = LiveRecord(
            started_at=moment(self.watch.started_s or 0.0),
            taken=self.watch.taken,
            notes=tuple(notes(self.plan, self.watch)),
        )
        body = record.model_dump_json(indent=1).encode()
        facts = {"plan": self.plan.hash, "sha256": hashlib.sha256(body).hexdigest()}
        key = Keys(self.plan.job_id).live_record
        self.around.store.write(key, body, "application/json", facts)
        return Answer(watch=self.watch, over=True, again_at=None)


def _fetched(reader: Reader, segment: Segment, folder: Path) -> Piece:
    """A segment on disk, with what it needs before it, under a name of our own."""
    file = folder / f"segment-{segment.sequence}"
    name = f"the segment {bare(segment.piece.url)}"
    if not file.exists():
        part = file.with_suffix(".part")
        with part.open("wb") as stream:
            for piece in (segment.init, segment.piece):
                for data in reader.stream(piece, MOST_SEGMENT_BYTES) if piece else ():
                    stream.write(data)
        part.rename(file)
    return Piece(file, name)
