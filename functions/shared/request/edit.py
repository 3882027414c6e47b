"""What may become of the source's pictures and sound on their way to every output.

A job has one timeline: its clips in a row, at one frame rate. Outputs, snapshots and times given
here all count on it, from its start.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from functions.shared.request.base import Model
from functions.shared.request.caption import Captions
from functions.shared.request.overlay import PROP, Overlay, Text, check_letters, placeholders
from functions.shared.request.sound_edit import SoundEdit

Prop = Annotated[str, Field(max_length=2000)] | int | float


class Clip(Model):
    """A part of the source. `start` is part of it, `end` is not."""

    start_s: float | None = Field(default=None, ge=0, description="Seconds into the source.")
    start_frame: int | None = Field(
        default=None, ge=0, description="Or frames, at the source's own rate."
    )
    end_s: float | None = Field(default=None, gt=0, description="Without an end: the source's.")
    end_frame: int | None = Field(default=None, gt=0, description="Or frames.")
    speed: float = Field(
        default=1,
        ge=0.1,
        le=10,
        description="2 is twice as fast; the sound keeps its pitch. Pictures are left out or shown"
        " again, never blended.",
    )

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        for edge in ("start", "end"):
            if None not in (getattr(self, f"{edge}_s"), getattr(self, f"{edge}_frame")):
                raise ValueError(f"say {edge}_s or {edge}_frame, not both")
        for unit in ("s", "frame"):
            start, end = getattr(self, f"start_{unit}"), getattr(self, f"end_{unit}")
            if end is not None and end <= (start or 0):
                raise ValueError(f"end_{unit} must be after start_{unit}")
        return self


class Crop(Model):
    """A part of the picture, in pixels of the source as it is shown upright."""

    x: int = Field(ge=0, le=16_384, description="From the left.")
    y: int = Field(ge=0, le=16_384, description="From the top.")
    width: int = Field(ge=16, le=16_384, description="Pixels.")
    height: int = Field(ge=16, le=16_384, description="Pixels.")


class Fade(Model):
    """From and to one colour, at the start and the end of the timeline, in whole frames."""

    in_s: float = Field(default=0, ge=0, le=60, description="Seconds.")
    out_s: float = Field(default=0, ge=0, le=60, description="Seconds, to the last frame.")
    color: str = Field(default="#000000", pattern=r"^#[0-9a-fA-F]{6}$", description="`#RRGGBB`.")


class Edit(Model):
    """The job's timeline, and what is done to its pictures before outputs are framed and coded.

    Cutting a job into chunks changes no picture: whatever is asked for here, each equals that of a
    render in one piece.
    """

    clips: Annotated[tuple[Clip, ...], Field(max_length=100)] = Field(
        default=(), description="Parts of the source, one after the other; none is the whole."
    )
    fps: float | None = Field(
        default=None,
        ge=1,
        le=120,
        description="Frames per second; the source's without it."
        " Pictures are left out or shown again, never blended.",
    )
    deinterlace: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="`auto`: where the source's pictures are fields. Two fields become one picture"
        " (bwdif).",
    )
    crop: Crop | None = Field(default=None, description="Before it is turned.")
    rotate_deg: Literal[0, 90, 180, 270] = Field(default=0, description="Clockwise.")
    flip: Literal["horizontal", "vertical"] | None = Field(
        default=None, description="After it is turned."
    )
    fade: Fade | None = Field(
        default=None, description="Of the picture; what is laid over it stays."
    )
    overlays: Annotated[tuple[Overlay, ...], Field(max_length=20)] = Field(
        default=(),
        description="Pictures over every output, the last on top. As in texts and captions, white"
        " is 203 cd/m² where an output is HDR (PQ).",
    )
    texts: Annotated[tuple[Text, ...], Field(max_length=20)] = Field(
        default=(), description="Words over every output, above the overlays."
    )
    props: Annotated[dict[Annotated[str, Field(pattern=PROP)], Prop], Field(max_length=100)] = (
        Field(default_factory=dict, description="Values for the texts, by name.")
    )
    captions: Annotated[tuple[Captions, ...], Field(max_length=20)] = Field(
        default=(), description="One of each language; at most one is burnt in, over all else."
    )
    sound: SoundEdit | None = Field(default=None, description="What is done to the sound.")

    @model_validator(mode="after")
    def _props(self) -> Self:
        for name, value in self.props.items():
            check_letters(f"props.{name}", str(value))
        for i, text in enumerate(self.texts):
            for name in placeholders(text.text):
                if name not in self.props:
                    known = ", ".join(self.props) or "none"
                    raise ValueError(f"texts.{i} names {{{name}}}, props has {known}")
        return self

    @model_validator(mode="after")
    def _captions(self) -> Self:
        if sum(captions.is_burnt for captions in self.captions) > 1:
            raise ValueError("only one of the captions can be burnt in")
        tracks = [captions.language for captions in self.captions if captions.is_track]
        if len(set(tracks)) < len(tracks):
            raise ValueError("two tracks of captions have the same language")
        return self
