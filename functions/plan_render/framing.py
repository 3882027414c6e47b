"""Sizes: of the edited picture, and of each output's frame around it."""

import math
from fractions import Fraction

from functions.plan_render.source.facts import VideoFacts
from functions.shared.errors import InvalidRequest
from functions.shared.plan import CropBox, FadeEnds, PictureEdit
from functions.shared.request.edit import Edit
from functions.shared.request.output import OutputRequest

Size = tuple[int, int]
"""(width, height) in pixels."""
NO_CANVAS: Size = (0, 0)
"""Of a source without pictures."""
_HALF = Fraction(1, 2)


def picture_edit(wanted: Edit | None, video: VideoFacts, length_s: Fraction) -> PictureEdit:
    """What is done to every picture. Raises InvalidRequest where the crop is not in the picture."""
    if wanted is None:
        return PictureEdit()
    shown = (video.width, video.height)
    crop = None
    if wanted.crop is not None:
        crop = CropBox(**wanted.crop.model_dump())
        if crop.x + crop.width > shown[0] or crop.y + crop.height > shown[1]:
            raise InvalidRequest(
                f"edit.crop: {crop.width}x{crop.height} at {crop.x},{crop.y} is not within the"
                f" source's picture, which is {shown[0]}x{shown[1]}."
            )
    fade = None
    if wanted.fade is not None and (wanted.fade.in_s or wanted.fade.out_s):
        out_s = min(Fraction(repr(wanted.fade.out_s)), length_s)
        fade = FadeEnds(
            in_s=min(Fraction(repr(wanted.fade.in_s)), length_s),
            out_from_s=length_s - out_s,
            out_s=out_s,
            color=wanted.fade.color,
        )
    return PictureEdit(
        squared=shown if crop is not None and video.pixel_aspect != 1 else None,
        crop=crop,
        rotate_deg=wanted.rotate_deg,
        flip=wanted.flip,
        fade=fade,
    )


def canvas_size(edit: PictureEdit, video: VideoFacts) -> Size:
    """Of the edited picture, with square pixels."""
    width, height = video.width, video.height
    if edit.crop is not None:
        width, height = edit.crop.width, edit.crop.height
    return (height, width) if edit.rotate_deg in {90, 270} else (width, height)


def frame_size(asked: OutputRequest, canvas: Size) -> tuple[Size, Size | None]:
    """(the output's size, the scaled picture's where it is another); even, as 4:2:0 needs."""
    shape = Fraction(canvas[0], canvas[1])
    if asked.width is None or asked.height is None:
        return output_size(canvas, asked.width, asked.height), None
    box = (asked.width, asked.height)
    by_width = (asked.width, even(asked.width / shape))
    by_height = (even(asked.height * shape), asked.height)
    wider = shape > Fraction(*box)
    match asked.fit:
        case "stretch":
            return box, None
        case "inside":
            return (by_width if wider else by_height), None
        case "fill":
            scaled = by_height if wider else by_width
        case _:
            scaled = by_width if wider else by_height
    return box, scaled if scaled != box else None


def output_size(canvas: Size, width: int | None, height: int | None) -> Size:
    """A size of the canvas's shape from at most one side."""
    shape = Fraction(canvas[0], canvas[1])
    if width is not None:
        return even(Fraction(width)), even(width / shape)
    tall = even(Fraction(height or canvas[1]))
    return even(tall * shape), tall


def even(length: Fraction) -> int:
    return max(2, 2 * math.floor(length / 2 + _HALF))
