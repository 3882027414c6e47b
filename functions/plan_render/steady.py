"""What pictures that change in mid-stream are made like: the source's first. Pure.

Encoders write colours, size and samples into a stream's header, and all chunks need the same one.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from functions.plan_render.source.facts import VideoFacts
from functions.shared.colour import Colour
from functions.shared.plan import Output

_PRIMARIES = {
    *("bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428"),
    *("smpte431", "smpte432", "jedec-p22"),
}
_TRANSFERS = {
    *("bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "linear", "iec61966-2-4", "bt1361e"),
    *("iec61966-2-1", "bt2020-10", "bt2020-12", "smpte2084", "smpte428", "arib-std-b67"),
}
_MATRICES = {"bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"}
"""What swscale converts to."""
_YUV = re.compile(r"yuv(?P<full>j?)(?P<rest>4\d\dp(\d\dle)?)|yuva4\d\dp(\d\dle)?")
_ALPHA_BESIDE = {"vp8", "vp9"}


def steady_colour(facts: VideoFacts) -> Colour | None:
    """None where pictures have no matrix to convert, or colours that swscale does not know."""
    if facts.pixel_format is None or not _YUV.fullmatch(facts.pixel_format):
        return None
    said = facts.colour
    # Its older names say the range as well.
    full = "pc" if facts.pixel_format.startswith("yuvj") else said.range
    if not facts.colours_valid:
        return Colour(range=full)
    known = {None, *_PRIMARIES}, {None, *_TRANSFERS}, {None, *_MATRICES}
    named = said.primaries, said.transfer, said.matrix
    if any(name not in names for name, names in zip(named, known, strict=True)):
        return None
    return replace(said, range=full)


def steady_pixels(facts: VideoFacts) -> str | None:
    """Samples as workers decode them: of alpha in a stream of its own the probe sees nothing."""
    found = _YUV.fullmatch(facts.pixel_format or "")
    if found is None or (facts.has_alpha and facts.codec in _ALPHA_BESIDE):
        return None
    return f"yuv{found['rest']}" if found["rest"] else found[0]


def keeps_light(facts: VideoFacts, outputs: Iterable[Output]) -> bool:
    """Whether what the pictures were graded on is told, and goes into an output's headers."""
    told = facts.mastering is not None or facts.content_light is not None
    return told and any(output.coding.tone_map is None for output in outputs)
