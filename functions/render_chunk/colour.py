"""What becomes of colours, depth and transparency on the way to an encoder.

Everything here works on single pictures, so chunks have no seams. swscale keeps a source's matrix
and range, and the encoders write both, with primaries and transfer, into the stream and its file;
so do HDR's mastering display and content light, as long as nothing removes them.
"""

from collections.abc import Iterator

from functions.shared.plan import Coding
from functions.shared.tone_mapping import tone_mapped

_SDR = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def source_filters(coding: Coding) -> Iterator[str]:
    """Before a picture is scaled: RGB into video's usual colours, transparency onto black.

    Laid on black is what is left of a sample once it is multiplied by its alpha; done before
    scaling, hidden colours don't bleed into edges.
    """
    deep = coding.pixel_format.endswith("10le")
    if coding.from_rgb:
        yield "scale=out_color_matrix=bt709:out_range=tv"
        yield f"format=yuv{_with_alpha(coding)}444p{'10le' if deep else ''}"
        yield _SDR
    if coding.flattened:
        yield f"format=yuva444p{'10le' if deep else ''}"
        yield "premultiply=inplace=1"


def _with_alpha(coding: Coding) -> str:
    return "a" if coding.flattened or coding.has_alpha else ""


def tone_filters(coding: Coding) -> Iterator[str]:
    """After a picture was scaled and before anything is laid on it: HDR into SDR."""
    if coding.tone_map is not None:
        yield from tone_mapped(coding.tone_map)


def pixel_filter(coding: Coding) -> str:
    """The last: the encoder's own samples."""
    filters = [f"format={coding.pixel_format}"]
    if coding.plane == "colour":
        filters.append(f"format={coding.pixel_format.replace('yuva', 'yuv')}")
    if coding.plane == "alpha":
        # As numbers: the encoder's range would be half as fine, and players take them as they are.
        filters += ["alphaextract", "scale=out_range=full", "format=yuv420p"]
    return ",".join(filters)
