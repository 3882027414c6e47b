"""What a probe finds out about a source. Times are on the source's own timestamps."""

from fractions import Fraction

from functions.shared.plan import Frozen


class Limits(Frozen):
    """How large a source may be."""

    size_bytes: int
    pixels: int
    """Coded width times height of the video stream."""
    duration_s: int
    streams: int
    scan_bytes: int
    """Read to find the end of a source whose header does not say where it is."""


class VideoFacts(Frozen):
    """The video stream that is rendered."""

    stream_index: int
    codec: str
    width: int
    """As shown: after the pixel aspect and the rotation."""
    height: int
    coded_pixels: int
    """Width times height as decoded."""
    rate: Fraction
    """Frames per second of the output grid."""
    colours_valid: bool
    start_s: Fraction
    end_s: Fraction


class AudioFacts(Frozen):
    """The audio stream that is rendered."""

    stream_index: int
    codec: str
    channels: int
    sample_rate: int
    start_s: Fraction
    end_s: Fraction | None
    """None where neither the header nor the tail tells."""


class Probe(Frozen):
    """A source that can be rendered."""

    container: str
    container_start_s: Fraction
    video: VideoFacts
    audio: AudioFacts | None
    unheard: tuple[str, ...] = ()
    """Codecs of its audio tracks where none of them can be decoded."""
