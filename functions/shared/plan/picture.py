"""What is done to every picture before the outputs are framed."""

from fractions import Fraction
from typing import Literal

from functions.shared.colour import Quarters
from functions.shared.frozen import Frozen


class CropBox(Frozen):
    """Pixels of the source as it is shown upright."""

    x: int
    y: int
    width: int
    height: int


class FadeEnds(Frozen):
    """Fades from and to a colour, on the timeline; a length of 0 is none."""

    in_s: Fraction
    out_from_s: Fraction
    out_s: Fraction
    color: str
    """`#RRGGBB`."""


class PictureEdit(Frozen):
    """In this order: squared, cropped, turned, flipped, faded."""

    squared: tuple[int, int] | None = None
    """(width, height) with square pixels, where the source's are not and it is cropped."""
    crop: CropBox | None = None
    rotate_deg: Quarters = 0
    flip: Literal["horizontal", "vertical"] | None = None
    fade: FadeEnds | None = None
