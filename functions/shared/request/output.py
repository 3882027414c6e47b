"""The files a job may ask for."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from functions.shared.request.base import NAME, Model

_RESERVED_NAMES = {"audio", "snapshots", "assets"}

Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]


class VideoEncoding(Model):
    """How an output's pictures are encoded."""

    codec: Literal["h264"] = Field(default="h264", description="8 bit, 4:2:0.")
    crf: int = Field(default=23, ge=0, le=51, description="Quality: lower is better and larger.")
    preset: Preset = Field(default="medium", description="x264's speed against size.")


class AudioEncoding(Model):
    """How an output's sound is encoded."""

    codec: Literal["aac"] = Field(default="aac", description="AAC-LC at the source's rate.")
    bitrate_kbps: int = Field(default=128, ge=32, le=512, description="Of all channels together.")


class OutputRequest(Model):
    """One file to make."""

    name: str = Field(
        default="video",
        pattern=NAME,
        description="Names the file; unique in a job; not `audio` or `snapshots`.",
    )
    container: Literal["mp4"] = Field(
        default="mp4", description="With the tables first, so that it plays while it loads."
    )
    width: int | None = Field(
        default=None,
        ge=16,
        le=8192,
        multiple_of=2,
        description="Pixels; without it, it follows from the height and the picture's shape.",
    )
    height: int | None = Field(
        default=None,
        ge=16,
        le=4320,
        multiple_of=2,
        description="Pixels; likewise. Without both: the size of the edited picture.",
    )
    fit: Literal["pad", "fill", "stretch", "inside"] = Field(
        default="pad",
        description=(
            "Where width and height are given and the picture has another shape: `pad` leaves black"
            " bars, `fill` cuts off what is too much, `stretch` distorts, `inside` makes the frame"
            " smaller."
        ),
    )
    video: VideoEncoding = Field(default=VideoEncoding(), description="The pictures' encoding.")
    audio: AudioEncoding | None = Field(
        default=AudioEncoding(), description="`null` leaves the sound out."
    )


class RenderRequest(Model):
    """The files to make, all from one decode."""

    outputs: Annotated[tuple[OutputRequest, ...], Field(min_length=1, max_length=8)] = Field(
        description="One file each."
    )

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [output.name for output in self.outputs]
        for name in names:
            if name in _RESERVED_NAMES:
                raise ValueError(f"the output name {name!r} is reserved")
            if names.count(name) > 1:
                raise ValueError(f"two outputs are named {name!r}")
        return self
