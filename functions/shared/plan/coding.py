"""How an output's pictures are coloured and encoded."""

from typing import Literal

from functions.shared.frozen import Frozen
from functions.shared.request.encoding import Codec, Preset, Profile


class ToneMap(Frozen):
    """What the source's HDR is, by FFmpeg's names, so that it can be made SDR."""

    primaries: str
    transfer: str
    matrix: str
    range: str
    peak: float
    """Of its brightest sample, in units of 100 cd/m². Given once for the job: what the pictures
    carry can be missing after a seek, and the curve would change."""


class Coding(Frozen):
    """How pictures become a stream: by one of `crf`, `bitrate_kbps` and `lossless`; ProRes by its
    profile."""

    codec: Codec = "h264"
    preset: Preset = "medium"
    """By x264's names, whatever the codec."""
    crf: int | None = None
    bitrate_kbps: int | None = None
    max_bitrate_kbps: int | None = None
    buffer_kbits: int | None = None
    lossless: bool = False
    profile: Profile = "standard"
    """Of ProRes."""
    pixel_format: str = "yuv420p"
    """FFmpeg's name."""
    is_pq: bool = False
    """Whether it is HDR by SMPTE ST 2084, which x265 has settings for."""
    tone_map: ToneMap | None = None
    """HDR to be made SDR; None: colours stay what they are."""
    plane: Literal["colour", "alpha"] | None = None
    """Of pictures with alpha, which of the two streams this is; None: both are in one."""
    flattened: bool = False
    """Whether transparent pictures are laid on black."""
    from_rgb: bool = False
    """Whether the source's samples are RGB, which has no matrix to keep."""

    @property
    def has_alpha(self) -> bool:
        return self.pixel_format.startswith(("yuva", "rgba"))
