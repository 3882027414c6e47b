"""Check a finished file against what was planned, from its own tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from functions.shared.errors import PartMismatch, RenderMismatch
from functions.shared.mp4.inspection import AudioPart, check_grid, describe_audio, describe_video
from functions.shared.mp4.source import ByteSource
from functions.shared.mp4.track import Movie, Track, read_movie


@dataclass(frozen=True, slots=True)
class Expected:
    """What the parts' tables say the whole must hold."""

    frames: int
    width: int
    height: int
    timescale: int
    frame_ticks: int
    config_sha256: str
    audio: AudioPart | None
    size_bytes: int | None
    """None: not known, as the file was written before."""
    texts: Sequence[Track] = ()
    """Captions, in order."""

    @property
    def duration_s(self) -> Fraction:
        return Fraction(self.frames * self.frame_ticks, self.timescale)


def verify_file(source: ByteSource, expected: Expected, *, name: str) -> int:
    """The file's size, once its tables agree with `expected`; RenderMismatch says what does not."""
    try:
        _verify(source, expected)
    except PartMismatch as error:
        raise RenderMismatch(f"{name} {error}") from error
    return source.size_bytes


def _verify(source: ByteSource, expected: Expected) -> None:
    movie = read_movie(source)
    kinds = [track.kind for track in movie.tracks]
    sound = ["soun"] if expected.audio else []
    _same("tracks", kinds, ["vide", *sound, *(text.kind for text in expected.texts)])
    _same("tables before the media data", movie.tables_first, True)
    _verify_video(movie, movie.tracks[0], expected, source.size_bytes)
    if expected.audio is not None:
        _verify_audio(movie, movie.tracks[1], expected.audio)
    for track, text in zip(movie.tracks[1 + len(sound) :], expected.texts, strict=True):
        _verify_text(track, text)
    _same("last sample's end", max(t.data_end for t in movie.tracks), source.size_bytes)
    if expected.size_bytes is not None:
        _same("size in bytes", source.size_bytes, expected.size_bytes)


def _verify_video(movie: Movie, track: Track, expected: Expected, size_bytes: int) -> None:
    video = describe_video(track, size_bytes)
    _same("frames", video.frames, expected.frames)
    _same("width and height", (video.width, video.height), (expected.width, expected.height))
    _same("codec configuration", video.config_sha256, expected.config_sha256)
    _same("frame durations", track.delta_runs, ((expected.frames, expected.frame_ticks),))
    check_grid(track, expected.timescale, expected.frame_ticks)
    _same("duration in ticks", track.duration, expected.frames * expected.frame_ticks)
    shown = sum((movie.seconds(edit) for edit in track.edits), Fraction(0))
    # The edit is rounded up to the movie's timescale.
    if not 0 <= (shown - expected.duration_s) * movie.timescale < 1:
        raise PartMismatch(f"shows {float(shown)} s, the plan says {float(expected.duration_s)} s")


def _verify_audio(movie: Movie, track: Track, part: AudioPart) -> None:
    audio = describe_audio(movie, track, part.size_bytes)
    _same("audio packets", audio.packets, part.packets)
    _same("audio sample rate", audio.sample_rate, part.sample_rate)
    _same("audio codec configuration", audio.config_sha256, part.config_sha256)
    _same("audio duration", audio.duration_s, part.duration_s)
    if not 0 <= (audio.start_s - part.start_s) * movie.timescale < 1:
        raise PartMismatch(f"has audio from {audio.start_s} s, its part from {part.start_s} s")


def _verify_text(track: Track, text: Track) -> None:
    _same("captions' lengths", track.delta_runs, text.delta_runs)
    _same("captions' sizes", track.sizes, text.sizes)
    _same("captions' configuration", track.config_sha256, text.config_sha256)
    _same("captions' language", track.language, text.language)


def _same(what: str, found: object, planned: object) -> None:
    if found != planned:
        raise PartMismatch(f"has {what} {found}, the plan says {planned}")
