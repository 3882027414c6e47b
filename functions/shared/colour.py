"""What the numbers of pictures mean, and how pictures stand.

Without pydantic: the process that reads a source's headers makes these, and would import it for
longer than it reads."""

from dataclasses import dataclass
from typing import Literal

Quarters = Literal[0, 90, 180, 270]
"""Degrees, clockwise."""


@dataclass(frozen=True)
class Colour:
    """By FFmpeg's option names; None where nothing valid says."""

    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    range: str | None = None
    """tv or pc."""
