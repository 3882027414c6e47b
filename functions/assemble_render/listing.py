"""What playlists say of a stream: its tracks, their segments, and how many bits these take."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

SHORT, LONG = Fraction(1, 2), Fraction(3, 2)
"""RFC 8216 4.1: a peak is that of any run of segments of so many target durations."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes `[offset, offset + length)` of a file in the track's folder."""

    file: str
    offset: int
    length: int
    duration_s: Fraction
    key_bytes: int
    """How many of them, from the first on, show the first picture."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One track: a rung of pictures, or the sound."""

    folder: str
    """Beside the main playlist."""
    codec: str
    init_bytes: int
    """The first bytes of the first file."""
    segments: tuple[Segment, ...]
    timescale: int
    segment_ticks: int
    """Of every segment but the last."""

    @property
    def duration_s(self) -> Fraction:
        return sum((segment.duration_s for segment in self.segments), Fraction(0))

    @property
    def target_s(self) -> int:
        """The longest segment, in whole seconds as HLS rounds them."""
        return max(int(segment.duration_s + Fraction(1, 2)) for segment in self.segments) or 1

    @property
    def media_bytes(self) -> int:
        return sum(segment.length for segment in self.segments)

    @property
    def peak(self) -> int:
        """Bits per second."""
        return peak([segment.length for segment in self.segments], self)

    @property
    def mean(self) -> int:
        """Bits per second."""
        return _rate(self.media_bytes, self.duration_s)

    @property
    def key_peak(self) -> int:
        """Bits per second, where only key frames are fetched."""
        return peak([segment.key_bytes for segment in self.segments], self)

    @property
    def key_mean(self) -> int:
        """Bits per second, likewise."""
        return _rate(sum(segment.key_bytes for segment in self.segments), self.duration_s)


@dataclass(frozen=True, slots=True)
class ListedVideo(Listed):
    """A rung."""

    width: int
    height: int
    rate: Fraction
    video_range: str
    """`SDR`, `PQ` or `HLG`."""
    transfer: int | None
    """H.273's number."""


@dataclass(frozen=True, slots=True)
class ListedAudio(Listed):
    """The sound."""

    channels: int
    sample_rate: int


@dataclass(frozen=True, slots=True)
class ListedCaptions:
    """Captions: one WebVTT file as long as the pictures."""

    folder: str
    file: str
    playlist: str
    """The HLS playlist beside it."""
    language: str
    """BCP 47; `und` where nobody said."""
    label: str
    """What viewers choose by, unique in the stream."""
    size_bytes: int
    duration_s: Fraction

    @property
    def mean(self) -> int:
        """Bits per second."""
        return _rate(self.size_bytes, self.duration_s)


def peak(sizes: Sequence[int], track: Listed) -> int:
    """Bits per second at most, over any run of segments that is about as long as the longest."""
    ends = list(accumulate((segment.duration_s for segment in track.segments), initial=Fraction(0)))
    held = list(accumulate(sizes, initial=0))
    target_s = track.target_s
    rates = [
        _rate(held[last] - held[first], ends[last] - ends[first])
        for first in range(len(sizes))
        for last in range(first + 1, min(first + 3, len(ends) - 1) + 1)
        if SHORT * target_s <= ends[last] - ends[first] <= LONG * target_s
    ]
    return max(rates, default=_rate(held[-1], ends[-1]))


def _rate(size_bytes: int, duration_s: Fraction) -> int:
    """Rounded up."""
    bits = 8 * size_bytes / duration_s
    return -(-bits.numerator // bits.denominator)
