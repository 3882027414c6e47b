"""What a probe finds out about a source. Times are on the source's own timestamps.

All is taken from decoded frames and from packets; a header is asked only where they say nothing.
Dataclasses: whoever reads strangers' bytes makes them, and whoever started that process checks them
with pydantic, which it has imported anyway.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from functions.shared.colour import Colour, Quarters
from functions.shared.errors import SourceHasNoVideo

_HDR_TRANSFERS = {"smpte2084", "arib-std-b67"}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large a source may be."""

    size_bytes: int
    pixels: int
    """Width times height of the video stream, as decoded and as shown."""
    duration_s: int
    streams: int
    scan_bytes: int
    """Read to find the end of a source whose header does not say where it is."""
    side: int = 16_384
    """Pixels of a picture's longer side."""
    memory_bytes: int = 2 << 30
    """Address space of the process that reads it; its libraries alone take 150 MB."""


@dataclass(frozen=True, kw_only=True)
class VideoFacts:
    """The video stream that is rendered."""

    stream_index: int
    codec: str
    width: int
    """As shown: after the pixel aspect and turned."""
    height: int
    coded_pixels: int
    """Width times height as decoded."""
    coded_size: tuple[int, int] | None = None
    """The two."""
    rate: Fraction
    """Frames per second of the output grid."""
    colours_valid: bool
    start_s: Fraction
    end_s: Fraction
    bit_depth: int = 8
    """Of each sample as decoded."""
    pixel_format: str | None = None
    """FFmpeg's name, as decoded."""
    has_alpha: bool = False
    """Also in VP8 and VP9, where it is a stream of its own that only libvpx decodes."""
    is_rgb: bool = False
    """Its samples are red, green and blue, or numbers of a palette."""
    interlaced: bool = False
    """Most of the first frames are two fields."""
    colour: Colour = field(default_factory=Colour)
    mastering: str | None = None
    """As x265's `master-display` takes it: chromaticities in 0.00002, luminance in 0.0001 cd/m²."""
    content_light: str | None = None
    """As x265's `max-cll` takes it: "brightest sample,brightest frame", in cd/m²."""
    pixel_aspect: Fraction = Fraction(1)
    """Width of a sample to its height, before it is turned."""
    turned_deg: Quarters = 0
    """Clockwise, for showing."""
    mirrored: bool = False
    """Left to right, once it is turned."""

    @property
    def is_hdr(self) -> bool:
        return self.colour.transfer in _HDR_TRANSFERS


@dataclass(frozen=True, kw_only=True)
class AudioFacts:
    """The audio stream that is rendered."""

    stream_index: int
    codec: str
    channels: int
    sample_rate: int
    start_s: Fraction
    end_s: Fraction | None
    """None where neither the header nor the tail tells."""


@dataclass(frozen=True, kw_only=True)
class SubtitleFacts:
    """A track of subtitles."""

    stream_index: int
    codec: str
    language: str | None
    is_text: bool
    """Else pictures."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A source that has pictures, sound, or both."""

    container: str
    container_start_s: Fraction
    video: VideoFacts | None
    audio: AudioFacts | None
    unheard: tuple[str, ...] = ()
    """Codecs of its audio tracks where none of them can be decoded."""
    subtitles: tuple[SubtitleFacts, ...] = ()
    name: str = "The source"
    """What a message may call it."""
    unseen: str = ""
    """Why there are no pictures, where there are none; a predicate."""
    uneven: str = ""
    """What changes in mid-stream, so that it must be copied into an even file before anything else
    can be said of it; a predicate."""


def need_video(probe: Probe) -> VideoFacts:
    """The video, where pictures are asked for. Raises SourceHasNoVideo."""
    if probe.video is None:
        raise SourceHasNoVideo(f"{probe.name} {probe.unseen}.")
    return probe.video
