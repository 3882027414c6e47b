"""What result.json says about a job: what was made, and what was checked."""

from fractions import Fraction

from functions.shared.plan import Frozen


class AudioResult(Frozen):
    """The audio track of an output."""

    bitrate_kbps: int
    sample_rate: int
    channels: int
    start_s: float
    duration_s: float


class OutputResult(Frozen):
    """One published file."""

    name: str
    key: str
    size_bytes: int
    sha256: str | None
    """None: an earlier attempt published it, and it was checked by its tables."""
    frames: int
    duration_s: float
    width: int
    height: int
    rate: Fraction
    audio: AudioResult | None


class SnapshotResult(Frozen):
    """One published picture."""

    key: str
    time_s: float
    frame: int
    width: int
    height: int
    size_bytes: int


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
    snapshots: tuple[SnapshotResult, ...]
    checks: Checks
    notes: tuple[str, ...]
    """What was asked for and could not be had, one sentence each."""
