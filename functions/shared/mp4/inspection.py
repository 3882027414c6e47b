"""What a part holds, checked from its tables without decoding."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from operator import add, ge

from functions.shared.errors import PartMismatch
from functions.shared.mp4.source import ByteSource
from functions.shared.mp4.track import EMPTY_EDIT, Edit, Movie, Track, read_movie


@dataclass(frozen=True, slots=True)
class VideoPart:
    """A part with one video track whose frames lie on the grid, the first at 0."""

    frames: int
    width: int
    height: int
    config_sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class AudioPart:
    """A file with one audio track."""

    packets: int
    """Of PCM: samples."""
    sample_rate: int
    """Ticks per second of the track; ffmpeg writes the sample rate."""
    channels: int
    start_s: Fraction
    """Silence before the first sample."""
    duration_s: Fraction
    """From the first sample shown to the end of the last packet."""
    config_sha256: str
    size_bytes: int

    @property
    def end_s(self) -> Fraction:
        return self.start_s + self.duration_s


def inspect_part(
    source: ByteSource, *, timescale: int, frame_ticks: int, name: str = "the part"
) -> VideoPart:
    """Check a video part against the frame grid; PartMismatch says what `name` has wrong."""
    with named(name):
        track = only_track(read_movie(source), "vide")
        check_grid(track, timescale, frame_ticks)
        return describe_video(track, source.size_bytes)


def inspect_audio(source: ByteSource, *, name: str = "the audio part") -> AudioPart:
    """Check an audio part; PartMismatch says what `name` has wrong."""
    with named(name):
        movie = read_movie(source)
        return describe_audio(movie, only_track(movie, "soun"), source.size_bytes)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Put the subject before the messages of this package, which are predicates."""
    try:
        yield
    except PartMismatch as error:
        raise PartMismatch(f"{name} {error}") from error


def only_track(movie: Movie, kind: str) -> Track:
    """The file's one track, which has samples."""
    kinds = [track.kind for track in movie.tracks]
    if kinds != [kind]:
        raise PartMismatch(f"has the tracks {kinds}, not one {kind!r}")
    [track] = movie.tracks
    if not track.sizes:
        raise PartMismatch("has no samples")
    return track


def check_grid(track: Track, timescale: int, frame_ticks: int) -> None:
    """Frames at 0, 1, 2 … times `frame_ticks`, decodable one after another."""
    if track.timescale != timescale:
        raise PartMismatch(f"has a timescale of {track.timescale}, the plan says {timescale}")
    if len(track.edits) > 1 or any(edit.media_time == EMPTY_EDIT for edit in track.edits):
        raise PartMismatch("does not begin with its first frame: its edit list has a gap")
    origin = track.media_time
    times = sorted(map(add, track.dts, track.composition))
    grid = range(origin, origin + len(times) * frame_ticks, frame_ticks)
    if times != list(grid):
        number = next(i for i, (is_, at) in enumerate(zip(times, grid, strict=True)) if is_ != at)
        raise PartMismatch(
            f"has frame {number} at tick {times[number] - origin}, not {number * frame_ticks}"
        )
    if any(map(ge, track.dts, track.dts[1:])):
        raise PartMismatch("has decoding times that do not rise")
    if track.sync is not None and 1 not in track.sync:
        raise PartMismatch("does not begin with a key frame")


def describe_video(track: Track, size_bytes: int) -> VideoPart:
    return VideoPart(
        frames=len(track.sizes),
        width=track.width,
        height=track.height,
        config_sha256=track.config_sha256,
        size_bytes=size_bytes,
    )


def describe_audio(movie: Movie, track: Track, size_bytes: int) -> AudioPart:
    media_ticks = sum(count * delta for count, delta in track.delta_runs)
    return AudioPart(
        packets=track.plain.samples if track.plain else len(track.sizes),
        sample_rate=track.timescale,
        channels=track.channels,
        start_s=gap_s(movie, track.edits),
        duration_s=Fraction(max(0, media_ticks - track.media_time), track.timescale),
        config_sha256=track.config_sha256,
        size_bytes=size_bytes,
    )


def gap_s(movie: Movie, edits: tuple[Edit, ...]) -> Fraction:
    """Silence before the first sample, as an edit list says it."""
    gaps = (movie.seconds(edit) for edit in edits if edit.media_time == EMPTY_EDIT)
    return sum(gaps, Fraction(0))
