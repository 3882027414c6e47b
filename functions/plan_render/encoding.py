"""How each output's pictures are coloured and encoded: what is kept of HDR, depth and alpha."""

from collections.abc import Iterator

from functions.plan_render.source.facts import VideoFacts
from functions.shared.plan import Coding, Output, ToneMap
from functions.shared.request.encoding import DEFAULT_CRF, KnownEncoding
from functions.shared.request.output import KnownOutput

_PQ = "smpte2084"
_ALPHA_CONTAINERS = {"webm", "mkv"}
"""That have a place for VP9's."""
_ALPHA_PICTURES = {"png", "webp"}
_PICTURE_PIXELS = {
    "gif": ("yuv444p", "yuv444p"),
    "webp": ("yuv420p", "yuva420p"),
    "jpeg": ("yuv444p", "yuv444p"),
    "png": ("rgb24", "rgba"),
    "avif": ("yuv420p", "yuv420p"),
}
"""FFmpeg's names, without and with alpha; of gif and jpeg those before the last conversion."""
_NAMES = {"h264": "H.264", "hevc": "HEVC", "vp9": "VP9", "av1": "AV1", "prores": "ProRes"}
_HDR_BY_ITSELF = {"hevc", "vp9", "av1", "prores"}
_LUMINANCE = 10_000
"""Units of x265's `master-display` in one cd/m²."""
_WHITE = 100
"""cd/m² of the white that SDR is mapped to."""
_USUAL_PEAK = 1000
"""cd/m² that a source which does not tell is taken to be graded for; and HLG's display."""


def coding_of(asked: KnownOutput, facts: VideoFacts) -> Coding:
    """The encoding of an output of chunks."""
    video = asked.video
    pixels = _pixels(video, facts)
    keeps_hdr = facts.is_hdr and _keeps_hdr(video, pixels)
    keeps_alpha = facts.has_alpha and _keeps_alpha(asked, pixels)
    ffmpegs = pixels.replace("yuv", "yuva") if keeps_alpha else pixels
    by_quality = video.bitrate_kbps is None and not video.lossless and video.codec != "prores"
    crf = DEFAULT_CRF.get(video.codec) if video.crf is None else video.crf
    return Coding(
        codec=video.codec,
        preset=video.preset or "medium",
        crf=crf if by_quality else None,
        bitrate_kbps=video.bitrate_kbps,
        max_bitrate_kbps=video.max_bitrate_kbps,
        buffer_kbits=video.buffer_kbits,
        lossless=video.lossless,
        profile=video.profile or "standard",
        pixel_format=f"{ffmpegs}le" if ffmpegs.endswith("10") else ffmpegs,
        is_pq=keeps_hdr and facts.colour.transfer == _PQ,
        tone_map=tone_map(facts) if facts.is_hdr and not keeps_hdr else None,
        flattened=facts.has_alpha and not keeps_alpha,
        plane="colour" if keeps_alpha and video.codec == "vp9" else None,
        from_rgb=facts.is_rgb,
    )


def picture_coding(asked: KnownOutput, facts: VideoFacts) -> Coding:
    """The samples of a picture that is rendered in one piece; all have 8 bits."""
    keeps_alpha = facts.has_alpha and asked.container in _ALPHA_PICTURES
    opaque, see_through = _PICTURE_PIXELS[asked.container]
    return Coding(
        pixel_format=see_through if keeps_alpha else opaque,
        tone_map=tone_map(facts) if facts.is_hdr else None,
        flattened=facts.has_alpha and not keeps_alpha,
        from_rgb=facts.is_rgb and asked.container != "png",
    )


def tone_map(facts: VideoFacts) -> ToneMap:
    """What HDR a source is. Where it does not say more than its transfer, it is BT.2020's."""
    colour = facts.colour
    return ToneMap(
        primaries=colour.primaries or "bt2020",
        transfer=colour.transfer or _PQ,
        matrix=colour.matrix or "bt2020nc",
        range=colour.range or "tv",
        peak=_peak(facts),
    )


def coding_notes(asked: KnownOutput, output: Output) -> Iterator[str]:
    """What an output lacks of what its source has."""
    coding = output.coding
    if coding.tone_map is not None:
        yield f"Output {output.name}: HDR was tone-mapped to SDR because {_why_sdr(asked)}."
    if coding.flattened:
        what = f"{_NAMES[coding.codec]} in " if asked.is_chunked else ""
        yield (
            f"Output {output.name}: transparent pictures were laid on black because"
            f" {what}{asked.container} keeps no transparency here."
        )


def _why_sdr(asked: KnownOutput) -> str:
    video = asked.video
    if not asked.is_chunked:
        return f"{asked.container} is made in 8 bits"
    if video.dynamic_range == "sdr":
        return "the request says so"
    return f"{_NAMES[video.codec]} has 8 bits a sample here"


def _pixels(video: KnownEncoding, facts: VideoFacts) -> str:
    if video.pixel_format != "auto":
        return video.pixel_format
    if video.codec == "prores":
        return "yuv444p10" if video.profile == "4444" else "yuv422p10"
    wants_hdr = facts.is_hdr and video.dynamic_range == "auto"
    return "yuv420p10" if wants_hdr and video.codec in _HDR_BY_ITSELF else "yuv420p"


def _keeps_hdr(video: KnownEncoding, pixels: str) -> bool:
    return video.dynamic_range == "auto" and pixels.endswith("10")


def _keeps_alpha(asked: KnownOutput, pixels: str) -> bool:
    if asked.video.codec == "vp9":
        return asked.container in _ALPHA_CONTAINERS and pixels == "yuv420p"
    return asked.video.codec == "prores" and asked.video.profile == "4444"


def _peak(facts: VideoFacts) -> float:
    """What its brightest sample is, else what it was graded on."""
    if facts.content_light is not None and (brightest := int(facts.content_light.split(",")[0])):
        return brightest / _WHITE
    if facts.colour.transfer == _PQ and facts.mastering is not None:
        light = facts.mastering.partition("L(")[2].partition(",")[0]
        return max(int(light) / _LUMINANCE, _WHITE) / _WHITE
    return _USUAL_PEAK / _WHITE
