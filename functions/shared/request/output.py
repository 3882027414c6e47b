"""The files a job may ask for."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from functions.shared.containers import CODECS, MOVING, PICTURES, STILLS, Container
from functions.shared.request.base import NAME, Model
from functions.shared.request.encoding import KnownEncoding, VideoEncoding
from functions.shared.request.presets import PresetName, filled
from functions.shared.request.sound import AudioEncoding, check_sound
from functions.shared.request.stream import StreamRequest, check_streams

_RESERVED_NAMES = {"audio", "snapshots", "assets"}
_PICTURES_ONLY = ("fps", "loop", "quality", "at_s")
_NOT_IN_FILE_NAMES = set('/\\"*?<>|:')

Tag = Literal["title", "artist", "album", "comment", "copyright", "date", "description", "genre"]
Fit = Literal["pad", "fill", "stretch", "inside"]


def _check_text(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("it has control characters, or spaces around it")
    return text


def _check_file_name(name: str) -> str:
    wrong = sorted(_NOT_IN_FILE_NAMES.intersection(name))
    if wrong or name.startswith("."):
        raise ValueError(f"a file name has no {' '.join(wrong) or 'dot in front'}")
    return _check_text(name)


TagText = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_check_text)]


class OutputRequest(Model):
    """One file to make."""

    name: str = Field(
        default="video",
        pattern=NAME,
        description="Names the file; unique in a job; not `audio`, `snapshots` or `assets`.",
    )
    preset: PresetName | None = Field(
        default=None,
        description="Fills in what this output leaves out: see Presets.",
    )
    container: Container | None = Field(
        default=None,
        description=(
            "`mp4` without it. mp4 and mov have their tables first, mkv and webm their index, so"
            " that they play while they load. gif, webp and the stills jpeg, png and avif are"
            " rendered in one piece; m4a, mp3, flac, wav and opus hold sound alone."
        ),
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
        description=(
            "Pixels; likewise. Without both: the size of the edited picture, made even, as video"
            " with half its colours a row needs."
        ),
    )
    fit: Fit | None = Field(
        default=None,
        description=(
            "Where width and height are given and the picture has another shape: `pad`, which it is"
            " without this, leaves black bars, `fill` cuts off what is too much, `stretch`"
            " distorts, `inside` makes the frame smaller."
        ),
    )
    video: VideoEncoding = Field(
        default_factory=VideoEncoding, description="The pictures' encoding."
    )
    audio: AudioEncoding | None = Field(
        default_factory=AudioEncoding, description="`null` leaves the sound out."
    )
    fps: float | None = Field(
        default=None, ge=1, le=50, description="Of gif and moving webp: 12 without it."
    )
    loop: int | None = Field(
        default=None, ge=0, le=1000, description="Of those: times to play, 0, the default, forever."
    )
    at_s: float | None = Field(
        default=None, ge=0, description="Of a still: its time; 0 without it. A webp with it is one."
    )
    quality: int | None = Field(
        default=None, ge=1, le=100, description="Of jpeg, webp and avif: 80 without it."
    )
    metadata: dict[Tag, TagText] = Field(
        default_factory=dict,
        description=(
            "Tags in the file: `title`, `artist`, `album`, `comment`, `copyright`, `date`,"
            " `description`, `genre`. Not of pictures. The source's own are never taken over."
        ),
    )
    filename: (
        Annotated[str, Field(min_length=1, max_length=150), AfterValidator(_check_file_name)] | None
    ) = Field(
        default=None, description="What a browser calls the file it loads; its ending is added."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if type(self) is OutputRequest:
            try:
                self.known()
            except ValidationError as error:
                raise ValueError(_first(error)) from None
        return self

    def known(self) -> "KnownOutput":
        """With what its preset and its container settle."""
        given: dict[str, Any] = self.model_dump(exclude_defaults=True)
        preset = given.pop("preset", None)
        fields = filled(preset, given) if preset else given
        codecs = CODECS.get(fields.get("container", "mp4"))
        video = fields.get("video", {})
        if codecs and video.get("codec") is None:
            fields = {**fields, "video": {**video, "codec": codecs[0]}}
        return KnownOutput.model_validate(fields)


class KnownOutput(OutputRequest):
    """One with nothing left open, which its parts agree on."""

    container: Container = "mp4"
    fit: Fit = "pad"
    video: KnownEncoding = Field(default_factory=KnownEncoding)

    @property
    def is_chunked(self) -> bool:
        """Whether it is video, rendered in chunks."""
        return self.container in CODECS

    @property
    def is_still(self) -> bool:
        return self.container in STILLS or (self.container == "webp" and self.at_s is not None)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_sound(self.container, self.audio)
        codecs = CODECS.get(self.container)
        if codecs is None and self.video != KnownEncoding():
            raise ValueError(f"video is not for {self.container}, which holds no video")
        if codecs is not None and self.video.codec not in codecs:
            raise ValueError(
                f"{self.container} holds {', '.join(codecs)} here, not {self.video.codec}"
            )
        self._check_pictures()
        if self.metadata and self.container in PICTURES:
            raise ValueError(f"metadata is not for {self.container}")
        return self

    def _check_pictures(self) -> None:
        given = [name for name in _PICTURES_ONLY if getattr(self, name) is not None]
        if self.container not in PICTURES and given:
            raise ValueError(f"{given[0]} is for pictures, not for {self.container}")
        if self.container not in {*STILLS, "webp"} and self.at_s is not None:
            raise ValueError(f"at_s is for stills, not for {self.container}")
        moving = [name for name in ("fps", "loop") if getattr(self, name) is not None]
        if moving and (self.is_still or self.container not in MOVING):
            raise ValueError(f"{moving[0]} is for moving pictures, not for a still")
        if self.quality is not None and self.container in {"gif", "png"}:
            raise ValueError(f"quality is not for {self.container}, which keeps every sample")


class RenderRequest(Model):
    """The files to make, all from one decode."""

    outputs: Annotated[tuple[OutputRequest, ...], Field(max_length=8)] = Field(
        default=(), description="One file each."
    )
    streams: Annotated[tuple[StreamRequest, ...], Field(max_length=2)] = Field(
        default=(),
        description="For adaptive players: HLS and DASH. Ask for outputs, these, or both.",
    )

    @model_validator(mode="after")
    def _names(self) -> Self:
        if not self.outputs and not self.streams:
            raise ValueError("ask for outputs, streams or both")
        names = [output.name for output in self.outputs]
        for name in (*names, *(stream.name for stream in self.streams)):
            if name in _RESERVED_NAMES:
                raise ValueError(f"the output name {name!r} is reserved")
        check_streams(self.streams, set(names))
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two outputs are named {name!r}")
        return self


def _first(error: ValidationError) -> str:
    """What a filled-in output is refused for."""
    [first, *_] = error.errors(include_url=False)
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
