"""What result.json says about a job: what was made, and what was checked."""

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

from functions.shared.bill import Cost
from functions.shared.frozen import Frozen
from functions.shared.media_store import Keys, MediaStore
from functions.shared.snapshot_kind import SnapshotKind


class AudioResult(Frozen):
    """The audio track of an output."""

    codec: str
    bitrate_kbps: int | None
    """As asked for; None: lossless."""
    sample_rate: int
    channels: int
    start_s: float
    duration_s: float


class OutputResult(Frozen):
    """One published file. Files of sound alone have no frames, rate or size."""

    name: str
    key: str
    size_bytes: int
    sha256: str | None
    """None: an earlier attempt published it, and it was checked by its tables."""
    frames: int | None
    duration_s: float
    width: int | None
    height: int | None
    rate: Fraction | None
    audio: AudioResult | None


class PlaylistResult(Frozen):
    """What a player is given: it names all else."""

    format: Literal["hls", "dash"]
    key: str
    size_bytes: int


class RungResult(Frozen):
    """One rung of a stream."""

    name: str
    width: int
    height: int
    codec: str
    """As RFC 6381 names it."""
    peak_kbps: int
    mean_kbps: int
    size_bytes: int
    segments: int


class StreamSoundResult(Frozen):
    """The sound of a stream."""

    codec: str
    channels: int
    sample_rate: int
    mean_kbps: int
    size_bytes: int


class StreamResult(Frozen):
    """One published stream."""

    name: str
    playlists: tuple[PlaylistResult, ...]
    frames: int
    duration_s: float
    rate: Fraction
    rungs: tuple[RungResult, ...]
    audio: StreamSoundResult | None

    @property
    def size_bytes(self) -> int:
        sound = self.audio.size_bytes if self.audio else 0
        lists = sum(one.size_bytes for one in self.playlists)
        return sound + lists + sum(one.size_bytes for one in self.rungs)


class SnapshotResult(Frozen):
    """One published picture, or the list of a sprite's thumbnails."""

    key: str
    kind: SnapshotKind = "picture"
    time_s: float
    """On the timeline; of a live stream: from when it was found up, as asked for."""
    frame: int | None
    """None: of a live stream."""
    live_at: str | None = None
    """When a live stream showed it, as nearly as its segments tell."""
    width: int
    height: int
    """Of the file; of the list: of a thumbnail."""
    size_bytes: int
    blurhash: str | None = None


class Checks(Frozen):
    """How much was verified. Sound that outputs share counts once."""

    parts: int
    part_bytes: int
    frames: int
    audio_packets: int
    files: int
    pictures: int


class Result(Frozen):
    """The whole of result.json."""

    job_id: str
    plan_hash: str
    outputs: tuple[OutputResult, ...]
    streams: tuple[StreamResult, ...] = ()
    snapshots: tuple[SnapshotResult, ...]
    checks: Checks
    notes: tuple[str, ...]
    """What was asked for and could not be had, one sentence each."""
    cost: Cost | None = None
    """None: it could not be told."""

    @property
    def kept_bytes(self) -> int:
        """Of the files that were made."""
        files = sum(one.size_bytes for one in self.outputs)
        pictures = sum(one.size_bytes for one in self.snapshots)
        return files + pictures + sum(one.size_bytes for one in self.streams)


Billing = Callable[[Result], Cost | None]
"""What a job cost that has this result; None: that can't be told."""


def write_result(store: MediaStore, result: Result, billed: Billing | None) -> Result:
    """Add the cost and write result.json, the last thing that is made."""
    if billed:
        result = result.model_copy(update={"cost": billed(result)})
    body = result.model_dump_json(indent=1).encode()
    store.write(Keys(result.job_id).result, body, "application/json")
    return result
