"""What becomes of colours, depth and transparency on the way to an encoder.

Everything here works on single pictures, so chunks have no seams. swscale keeps a source's matrix
and range, and the encoders write both, with primaries and transfer, into the stream and its file;
so do HDR's mastering display and content light, as long as nothing removes them.
"""

from collections.abc import Iterator

from functions.shared.plan import Coding, ToneMap

_SDR = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
_HDR_SIDE_DATA = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "DYNAMIC_HDR_PLUS")


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
        yield from _tone_mapped(coding.tone_map)


def _tone_mapped(hdr: ToneMap) -> Iterator[str]:
    """Through linear light, the primaries narrowed before the highlights are rolled off."""
    yield (
        f"zscale=tin={hdr.transfer}:pin={hdr.primaries}:min={hdr.matrix}:rin={_range(hdr)}"
        ":t=linear:npl=100"
    )
    yield "format=gbrpf32le"
    yield "zscale=p=bt709"
    yield f"tonemap=tonemap=hable:desat=0:peak={hdr.peak:g}"
    yield "zscale=t=bt709:m=bt709:p=bt709:r=tv"
    yield "format=yuv444p"
    yield from (f"sidedata=mode=delete:type={kind}" for kind in _HDR_SIDE_DATA)


def _range(hdr: ToneMap) -> str:
    return {"pc": "full"}.get(hdr.range, "limited")


def pixel_filter(coding: Coding) -> str:
    """The last: the encoder's own samples."""
    return f"format={coding.pixel_format}"
