"""Pictures and text laid over every output."""

import string
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from functions.shared.request.base import COLOUR, Address, Model

_UNWRITABLE = {"Cc", "Zl", "Zp"}
PROP = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
Props = Mapping[str, str | int | float]
Position = Literal[
    "top-left",
    "top",
    "top-right",
    "left",
    "center",
    "right",
    "bottom-left",
    "bottom",
    "bottom-right",
]
Font = Literal["sans", "sans-bold", "serif", "serif-bold", "mono"]


class Placed(Model):
    """Where and when something is laid over the frame of each output and snapshot."""

    x_percent: float | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Of the frame's width: where its own `position` stands, in place of a margin.",
    )
    y_percent: float | None = Field(
        default=None, ge=0, le=100, description="Of the frame's height, likewise."
    )
    margin_percent: float = Field(
        default=4, ge=0, le=50, description="Space to the edges, of the frame's shorter side."
    )
    opacity: float = Field(default=1, gt=0, le=1, description="1 hides what is behind it.")
    from_s: float = Field(
        default=0, ge=0, description="Shown from the frame at this time, or the next."
    )
    to_s: float | None = Field(
        default=None, gt=0, description="No longer shown at this time; the end without it."
    )
    fade_s: float = Field(
        default=0, ge=0, le=60, description="Seconds to appear in, and to vanish in at `to_s`."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_s is None:
            return self
        if self.to_s <= self.from_s:
            raise ValueError("to_s must be after from_s")
        if 2 * self.fade_s > self.to_s - self.from_s:
            raise ValueError("fade_s has no room twice between from_s and to_s")
        return self


class Overlay(Placed):
    """A picture over every output, e.g. a logo."""

    image: Address = Field(
        description="`s3://bucket/key` or `https://…`: one PNG, JPEG or WebP picture, up to 20 MB"
        " and 64 megapixels. Transparent parts stay so."
    )
    position: Position = Field(default="top-right", description="Where in the frame.")
    width_percent: float = Field(
        default=20, ge=0.5, le=100, description="Of the frame's width; the height follows."
    )


class TextBox(Model):
    """A plain area behind a text."""

    color: str = Field(default="#00000099", pattern=COLOUR, description="`#RRGGBB`, `#RRGGBBAA`.")
    padding_percent: float = Field(
        default=30, ge=0, le=200, description="Around the text, of its size."
    )


class Outline(Model):
    """A line around letters."""

    color: str = Field(default="#000000", pattern=COLOUR, description="`#RRGGBB`, `#RRGGBBAA`.")
    width_percent: float = Field(default=6, ge=0, le=30, description="Of the text's size.")


class Text(Placed):
    """Words over every output, e.g. a title."""

    text: str = Field(
        min_length=1,
        max_length=2000,
        description="`{name}` stands for that value of `edit.props`; a brace itself is written"
        " twice. Latin, Greek and Cyrillic letters; `\\n` begins a line.",
    )
    position: Position = Field(default="center", description="Where in the frame.")
    font: Font = Field(default="sans", description="DejaVu of that kind.")
    size_percent: float = Field(default=6, ge=1, le=50, description="Of the frame's height.")
    color: str = Field(default="#FFFFFF", pattern=COLOUR, description="`#RRGGBB`, `#RRGGBBAA`.")
    box: TextBox | None = Field(default=None, description="Behind the text.")
    outline: Outline | None = Field(default=None, description="Around the letters.")
    align: Literal["left", "center", "right"] | None = Field(
        default=None, description="Of several lines; as `position` without it."
    )
    max_width_percent: float = Field(
        default=90,
        ge=5,
        le=100,
        description="Of the frame's width: longer lines break at spaces, longer words anywhere.",
    )
    line_spacing_percent: float = Field(
        default=20, ge=0, le=300, description="Between lines, of the text's size."
    )

    @field_validator("text")
    @classmethod
    def _writable(cls, text: str) -> str:
        check_letters("text", text)
        list(placeholders(text))
        return text


def check_letters(what: str, text: str) -> None:
    """ValueError where a character is neither for reading nor the end of a line."""
    for letter in text:
        if unicodedata.category(letter) in _UNWRITABLE and letter != "\n":
            raise ValueError(f"{what} holds the control character {letter!a}")


def placeholders(text: str) -> Iterator[str]:
    """The names in `{braces}`. ValueError where braces hold anything but a name."""
    for _, name, form, conversion in _pieces(text):
        if name is not None:
            if form or conversion or not name.isidentifier() or not name.isascii():
                raise ValueError(
                    "braces hold a name of edit.props, as {name}; a brace itself is written twice"
                )
            yield name


def filled(text: str, props: Props) -> str:
    """The text with its values, all of which must be in `props`."""
    pieces = ((literal, name) for literal, name, _, _ in _pieces(text))
    return "".join(literal + ("" if name is None else str(props[name])) for literal, name in pieces)


def _pieces(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(string.Formatter().parse(text))
    except ValueError:
        raise ValueError(
            "a brace stands alone: {name} is a value of edit.props, a brace itself is written twice"
        ) from None
