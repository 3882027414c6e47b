"""Captions: burnt into the pictures, or as a track that players switch on and off."""

from typing import Literal

from pydantic import Field

from functions.shared.request.base import COLOUR, Address, Model
from functions.shared.request.overlay import Font, Outline, TextBox

LANGUAGE = r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$"


class CaptionStyle(Model):
    """How SRT and WebVTT captions look where they are burnt in; ASS brings its own looks."""

    font: Font = Field(default="sans", description="DejaVu of that kind.")
    size_percent: float = Field(default=5.5, ge=1, le=30, description="Of the frame's height.")
    color: str = Field(default="#FFFFFF", pattern=COLOUR, description="`#RRGGBB`, `#RRGGBBAA`.")
    outline: Outline = Field(default_factory=Outline, description="Around the letters.")
    box: TextBox | None = Field(default=None, description="Behind the text, in place of outlines.")
    margin_percent: float = Field(
        default=5, ge=0, le=45, description="To the frame's lower edge, of its height."
    )


class Captions(Model):
    """What is said, to be read. Times are of the timeline, to the millisecond (ASS: hundredths).

    As a track, captions are marked by no more than lines in MP4 and MOV, and by italics, bold and
    underlines elsewhere. Places that WebVTT gives are not kept; fonts in ASS are not used.
    """

    source: Address = Field(
        description="`s3://bucket/key` or `https://…`: SRT, WebVTT or ASS in UTF-8, up to 5 MB."
    )
    language: str = Field(
        default="und", pattern=LANGUAGE, description="BCP 47, e.g. `en` or `pt-BR`."
    )
    label: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        description="What players call the track; the language without it.",
    )
    mode: Literal["burn", "track", "both"] = Field(
        default="track", description="Into the pictures, beside them, or both."
    )
    style: CaptionStyle = Field(default_factory=CaptionStyle, description="Of burnt-in captions.")

    @property
    def is_burnt(self) -> bool:
        return self.mode != "track"

    @property
    def is_track(self) -> bool:
        return self.mode != "burn"
