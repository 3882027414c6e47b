"""The sound: whence it comes, and the distinct encodings of it that the outputs share."""

from fractions import Fraction
from typing import Literal

from pydantic import Field

from functions.shared.frozen import Frozen
from functions.shared.plan.asset import Asset

_SUFFIXES = {"mp4": "m4a", "mov": "mov", "mp3": "mp3", "flac": "flac", "wav": "wav", "ogg": "opus"}
_CONTENT_TYPES = {
    "mp4": "audio/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
}


class SoundTrack(Frozen):
    """One encoding of the job's sound, made once for all outputs that ask for it."""

    name: str
    """What outputs and messages call it, e.g. `aac-128k` or `opus-96k-2ch`."""
    container: Literal["mp4", "mov", "mp3", "flac", "wav", "ogg"]
    """mp4 and mov are laid beside pictures, or are files of their own; the others are such."""
    codec: Literal["aac", "mp3", "opus", "flac", "pcm"]
    bitrate_kbps: int | None
    """None: lossless."""
    sample_rate_hz: int | None
    """None: the source's, or the nearest that the codec has."""
    channels: int | None
    """None: the source's."""
    bit_depth: Literal[16, 24] | None
    """Of lossless ones."""
    tags: dict[str, str] = Field(default_factory=dict)
    """In the file, where it is one of its own."""

    @property
    def file_name(self) -> str:
        """Of its part."""
        return f"{self.name}.{_SUFFIXES[self.container]}"

    @property
    def content_type(self) -> str:
        return _CONTENT_TYPES[self.container]


class OtherSound(Frozen):
    """The sound of a file that the request names besides the source."""

    asset: Asset
    stream_index: int
    start_s: Fraction
    """Its first timestamp, which becomes 0."""


class Mix(Frozen):
    """A sound beside the job's own."""

    sound: OtherSound
    volume_db: float
    from_s: Fraction
    loop: bool
    duck: bool
    layout: Literal["stereo", "5.1"]
    """Of both and of what comes of them."""


class Loudness(Frozen):
    """EBU R128: integrated loudness in LUFS, and the most a true peak may have, in dBTP."""

    lufs: float
    true_peak_db: float


class SoundChange(Frozen):
    """What is done to the sound of the timeline, in this order."""

    offset_s: Fraction = Fraction(0)
    volume_db: float = 0
    mix: Mix | None = None
    fade_in_s: Fraction = Fraction(0)
    fade_out_from_s: Fraction = Fraction(0)
    fade_out_s: Fraction = Fraction(0)
    loudness: Loudness | None = None


class Audio(Frozen):
    """Whence the sound comes, and what becomes of it."""

    stream_index: int | None
    """Of the source; None: silence, or `replaced`."""
    replaced: OtherSound | None = None
    sample_rate_hz: int
    """As decoded; a job's clips are cut at it."""
    change: SoundChange | None = None
    """None: nothing, so that it may be as long as the source has it."""
    tracks: tuple[SoundTrack, ...]
    duration_s: Fraction | None
    """Trusted length on the job's timeline, or None where the source does not say."""

    def track(self, name: str) -> SoundTrack:
        return next(track for track in self.tracks if track.name == name)

    @property
    def others(self) -> tuple[OtherSound, ...]:
        """Read beside the source, in the order of ffmpeg's inputs."""
        mixed = self.change.mix.sound if self.change and self.change.mix else None
        return tuple(sound for sound in (self.replaced, mixed) if sound)


class SoundFile(Frozen):
    """One file of sound alone to publish: a track, under its own name."""

    name: str
    container: str
    """m4a, mp3, flac, wav or opus."""
    track: str
    filename: str | None = None
    """What a browser calls it, without its ending."""
