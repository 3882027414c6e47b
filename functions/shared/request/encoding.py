"""How an output's pictures are encoded."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from functions.shared.request.base import Model

Codec = Literal["h264", "hevc", "vp9", "av1", "prores"]

Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]

PRESETS: tuple[Preset, ...] = get_args(Preset)

Profile = Literal["proxy", "lt", "standard", "hq", "4444"]

PixelFormat = Literal[
    "auto", "yuv420p", "yuv422p", "yuv444p", "yuv420p10", "yuv422p10", "yuv444p10"
]

DEFAULT_CRF = {"h264": 23, "hevc": 24, "vp9": 32, "av1": 32}
"""About the same quality, each on its codec's own scale: VMAF 93.7 to 94.9 on ten seconds of the
corpus at 720p."""

MOST_CRF = {"h264": 51, "hevc": 51, "vp9": 63, "av1": 63}

PIXEL_FORMATS: dict[str, tuple[str, ...]] = {
    "h264": ("yuv420p", "yuv422p", "yuv444p", "yuv420p10", "yuv422p10", "yuv444p10"),
    "hevc": ("yuv420p", "yuv422p", "yuv444p", "yuv420p10", "yuv422p10", "yuv444p10"),
    "vp9": ("yuv420p", "yuv422p", "yuv444p", "yuv420p10", "yuv422p10", "yuv444p10"),
    "av1": ("yuv420p", "yuv420p10"),
    "prores": ("yuv422p10", "yuv444p10"),
}
"""What the encoders take."""


class VideoEncoding(Model):
    """How an output's pictures are encoded: by quality (`crf`), by bit rate, or without loss."""

    codec: Codec | None = Field(
        default=None,
        description=(
            "Without it the container's usual: `h264` in mp4, mov and mkv, `vp9` in webm. `prores`"
            " is for editing: large, and quick to seek in."
        ),
    )
    crf: int | None = Field(
        default=None,
        ge=0,
        le=63,
        description=(
            "Quality: lower is better and larger. Of h264 and hevc up to 51, of vp9 and av1 up to"
            " 63; without it 23, 24, 32 and 32."
        ),
    )
    bitrate_kbps: int | None = Field(
        default=None, ge=16, le=400_000, description="Instead of a quality, a mean bit rate."
    )
    max_bitrate_kbps: int | None = Field(
        default=None,
        ge=16,
        le=800_000,
        description="The most over `buffer_kbits`; with a bit rate, or with `crf` (not vp9).",
    )
    buffer_kbits: int | None = Field(
        default=None,
        ge=16,
        le=1_600_000,
        description="What a player buffers; two seconds of `max_bitrate_kbps` without it.",
    )
    lossless: bool = Field(
        default=False,
        description=(
            "Every sample as it was before the encoder: very large. Of h264, hevc and vp9."
        ),
    )
    preset: Preset | None = Field(
        default=None,
        description="Speed against size; `medium` without it. Not for prores.",
    )
    profile: Profile | None = Field(
        default=None, description="Of prores only; `standard` without it."
    )
    pixel_format: PixelFormat = Field(
        default="auto",
        description=(
            "Chroma and depth. `auto`: yuv420p, 10 bit where HDR is kept; of prores yuv422p10, of"
            " its profile 4444 yuv444p10. Alpha is kept by prores 4444, and by vp9 in webm and mkv;"
            " elsewhere the picture is laid on black."
        ),
    )
    dynamic_range: Literal["auto", "sdr"] = Field(
        default="auto",
        description=(
            "HDR stays HDR in 10 bits, which hevc, vp9, av1 and prores have by themselves; else,"
            " and with `sdr`, it is tone-mapped."
        ),
    )
    gop_s: float | None = Field(
        default=None,
        ge=0.5,
        le=10,
        description=(
            "Seconds from key frame to key frame at most: 5 without it. Every chunk begins with"
            " one, too."
        ),
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = {
            "crf": self.crf is not None,
            "bitrate_kbps": self.bitrate_kbps is not None,
            "lossless": self.lossless,
        }
        given = [way for way, is_given in ways.items() if is_given]
        if len(given) > 1:
            raise ValueError(f"say one of crf, bitrate_kbps, lossless, not {' and '.join(given)}")
        if self.codec == "prores":
            self._check_prores(given)
        elif self.codec is not None:
            self._check_quality(self.codec)
        if self.codec is not None:
            self._check_pixels(self.codec)
        return self

    def _check_prores(self, given: list[str]) -> None:
        others = ("preset", "gop_s", "max_bitrate_kbps", "buffer_kbits")
        extra = [*given, *(name for name in others if getattr(self, name) is not None)]
        if extra:
            raise ValueError(f"{extra[0]} is not for prores: its profile says how large it gets")

    def _check_quality(self, codec: str) -> None:
        if self.profile is not None:
            raise ValueError(f"profile is for prores, not for {codec}")
        if codec == "av1" and self.lossless:
            raise ValueError("lossless is not for av1: what its encoder makes so can't be decoded")
        if self.crf is not None and self.crf > MOST_CRF[codec]:
            raise ValueError(f"crf {self.crf} is too high: {codec} ends at {MOST_CRF[codec]}")
        most = self.max_bitrate_kbps
        if self.buffer_kbits is not None and most is None:
            raise ValueError("buffer_kbits needs max_bitrate_kbps")
        if most is None:
            return
        if self.lossless:
            raise ValueError("max_bitrate_kbps is not for lossless")
        if codec == "vp9" and self.bitrate_kbps is None:
            raise ValueError("max_bitrate_kbps of vp9 needs bitrate_kbps")
        if codec == "av1" and self.bitrate_kbps is not None:
            raise ValueError("max_bitrate_kbps of av1 goes with crf, not with bitrate_kbps")
        if most < (self.bitrate_kbps or 0):
            raise ValueError("max_bitrate_kbps must not be below bitrate_kbps")

    def _check_pixels(self, codec: str) -> None:
        can = PIXEL_FORMATS[codec]
        if self.pixel_format != "auto" and self.pixel_format not in can:
            raise ValueError(
                f"pixel_format {self.pixel_format} is not one {codec} has: {', '.join(can)}"
            )
        fits = "yuv444p10" if self.profile == "4444" else "yuv422p10"
        if codec == "prores" and self.pixel_format not in {"auto", fits}:
            raise ValueError(f"this profile of prores is {fits}, not {self.pixel_format}")


class KnownEncoding(VideoEncoding):
    """One whose codec is settled."""

    codec: Codec = "h264"
