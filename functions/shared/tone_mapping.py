"""Makes HDR pictures SDR, one by one."""

from collections.abc import Iterator

from functions.shared.plan import ToneMap

_HDR_SIDE_DATA = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "DYNAMIC_HDR_PLUS")


def tone_mapped(hdr: ToneMap) -> Iterator[str]:
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
