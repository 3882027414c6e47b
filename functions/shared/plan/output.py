"""The files to make, and the encodings of the sound that they share."""

from fractions import Fraction

from functions.shared.plan.base import Frozen


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
    """Of the file."""
    scaled: tuple[int, int] | None = None
    """(width, height) of the picture before it is padded or cropped to that; None: the same."""
    crf: int
    preset: str
    keyint: int
    """Frames between forced key frames; a chunk is a whole number of these."""
    audio_bitrate_kbps: int | None
    """None: no audio track."""
