"""Filters between the grid and the encoders: the job's edit, then each output's frame.

Between them pts are frame numbers of the job's grid, so whatever depends on time depends on the
job's, not on the chunk's.
"""

from collections.abc import Iterator

from functions.shared.colour import Quarters
from functions.shared.plan import FadeEnds, Output, PictureEdit

SCALING = "flags=bicubic+full_chroma_int"
"""For every `scale` that RGB may come of: without it FFmpeg leaves out half of the colours, and
more the smaller the picture. Where none does, nothing changes."""
_TURNS = {
    (0, True): ("hflip",),
    (90, False): ("transpose=clock",),
    (90, True): ("transpose=cclock_flip",),
    (180, False): ("hflip", "vflip"),
    (180, True): ("vflip",),
    (270, False): ("transpose=cclock",),
    (270, True): ("transpose=clock_flip",),
}
"""By how far they turn clockwise, and whether they then mirror left to right."""
_FLIPS = {"horizontal": "hflip", "vertical": "vflip"}


def turn_filters(turned_deg: Quarters, *, mirrored: bool) -> Iterator[str]:
    """Turn pictures clockwise, then mirror them left to right."""
    yield from _TURNS.get((turned_deg, mirrored), ())


def edit_filters(edit: PictureEdit) -> Iterator[str]:
    """What is done to every picture, whichever output it is for."""
    if edit.squared is not None:
        yield "scale={}:{}:{},setsar=1".format(*edit.squared, SCALING)
    if edit.crop is not None:
        box = edit.crop
        yield f"crop={box.width}:{box.height}:{box.x}:{box.y}:exact=1"
    yield from turn_filters(edit.rotate_deg, mirrored=False)
    if edit.flip is not None:
        yield _FLIPS[edit.flip]
    if edit.fade is not None:
        yield from _fade(edit.fade)


def _fade(fade: FadeEnds) -> Iterator[str]:
    """In time, not in counted frames: a chunk's count begins anew."""
    color = f"color=0x{fade.color.removeprefix('#')}"
    if fade.in_s:
        yield f"fade=t=in:st=0:d={float(fade.in_s):.6f}:{color}"
    if fade.out_s:
        yield f"fade=t=out:st={float(fade.out_from_s):.6f}:d={float(fade.out_s):.6f}:{color}"


def frame_filters(output: Output) -> Iterator[str]:
    """Scale the picture into the output's frame; what it leaves is black, what it exceeds is cut
    from both sides alike."""
    width, height = output.scaled or (output.width, output.height)
    yield f"scale={width}:{height}:{SCALING},setsar=1"
    if width > output.width or height > output.height:
        yield f"crop={output.width}:{output.height}:exact=1"
    if width < output.width or height < output.height:
        yield f"pad={output.width}:{output.height}:(ow-iw)/2:(oh-ih)/2"
