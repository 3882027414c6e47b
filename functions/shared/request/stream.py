"""Streams a job may ask for: one film in several sizes, cut in segments that players fetch."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from functions.shared.request.base import NAME, Model
from functions.shared.request.encoding import KnownEncoding, VideoEncoding
from functions.shared.request.sound import AudioEncoding

_RESERVED_NAMES = {"audio", "captions"}
_PICTURE_CODECS = ("h264", "hevc", "av1")
_USUAL_HEIGHTS = (1080, 720, 480, 240)


class Rendition(Model):
    """One rung of the ladder: the film in one size and quality."""

    name: str | None = Field(
        default=None,
        pattern=NAME,
        description="Unique in its stream; without it the height (`720p`), or the width (`w1280`).",
    )
    width: int | None = Field(
        default=None, ge=16, le=8192, multiple_of=2, description="Pixels; as of an output."
    )
    height: int | None = Field(
        default=None, ge=16, le=4320, multiple_of=2, description="Pixels; as of an output."
    )
    fit: Literal["pad", "fill", "stretch", "inside"] = Field(
        default="pad", description="As of an output."
    )
    video: VideoEncoding = Field(
        default_factory=VideoEncoding,
        description=(
            "The pictures' encoding: `h264`, which it is by itself, `hevc` or `av1`; without"
            " `gop_s`, as every segment begins with a key frame and has no other."
        ),
    )

    @property
    def rung(self) -> str:
        """Its name, given or not."""
        return self.name or (f"{self.height}p" if self.height else f"w{self.width}")

    @model_validator(mode="after")
    def _can_be_streamed(self) -> Self:
        if self.width is None and self.height is None:
            raise ValueError("a rendition has a height, a width or both")
        if self.video.codec not in {None, *_PICTURE_CODECS}:
            raise ValueError(f"a rendition is {', '.join(_PICTURE_CODECS)}, not {self.video.codec}")
        if self.video.codec is None:
            _check_known(self.video)
        if self.video.gop_s is not None:
            raise ValueError("gop_s is not for streams: segment_s says where key frames are")
        if self.rung in _RESERVED_NAMES:
            raise ValueError(f"the rendition name {self.rung!r} is reserved")
        return self


def _check_known(video: VideoEncoding) -> None:
    """ValueError where the usual codec does not go with the rest."""
    try:
        KnownEncoding.model_validate(video.model_dump(exclude_defaults=True))
    except ValidationError as error:
        [first, *_] = error.errors(include_url=False)
        raise ValueError(f"video: {first['ctx']['error']}") from None


class StreamRequest(Model):
    """One film for adaptive players: HLS (fragmented MP4, CMAF) and DASH of the same segments."""

    name: str = Field(
        default="stream",
        pattern=NAME,
        description="Names its folder; unique among the job's streams and outputs.",
    )
    formats: Annotated[tuple[Literal["hls", "dash"], ...], Field(min_length=1, max_length=2)] = (
        Field(default=("hls", "dash"), description="Which playlists are written.")
    )
    segment_s: float = Field(
        default=4,
        ge=2,
        le=10,
        description="Seconds of a segment, as near as whole frames allow; one value in a job.",
    )
    renditions: Annotated[tuple[Rendition, ...], Field(max_length=8)] = Field(
        default=(),
        description=(
            "The ladder, in the order playlists list it; without it the heights 1080, 720, 480 and"
            " 240. One that is larger than the edited picture is left out, and the job says so; if"
            " all are, the smallest is kept."
        ),
    )
    audio: AudioEncoding | None = Field(
        default_factory=AudioEncoding,
        description="AAC, shared by all renditions; `null` leaves the sound out.",
    )
    i_frames: bool = Field(
        default=True, description="Whether HLS has I-frame playlists, for pictures while seeking."
    )

    @property
    def ladder(self) -> tuple[Rendition, ...]:
        """The renditions, given or not."""
        return self.renditions or tuple(Rendition(height=height) for height in _USUAL_HEIGHTS)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [rendition.rung for rendition in self.renditions]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two renditions are named {name!r}")
        if len(set(self.formats)) < len(self.formats):
            raise ValueError("formats names one twice")
        if self.audio is not None and self.audio.codec not in {None, "aac"}:
            raise ValueError(f"a stream's sound is aac, not {self.audio.codec}")
        return self


def check_streams(streams: tuple[StreamRequest, ...], taken: set[str]) -> None:
    """ValueError where the streams of a job do not go together; `taken` are the outputs' names."""
    names = [stream.name for stream in streams]
    for name in names:
        if names.count(name) > 1 or name in taken:
            raise ValueError(f"two outputs or streams are named {name!r}")
    lengths = sorted({stream.segment_s for stream in streams})
    if len(lengths) > 1:
        raise ValueError(
            f"the streams of a job have one segment_s, as its chunks are whole segments; these have"
            f" {' and '.join(f'{length:g}' for length in lengths)}"
        )
