"""What decoded frames tell of a video: its samples, its colours, its light."""

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.packet import Packet
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from functions.shared.colour import Colour, Quarters

_RESERVED = {0, 3}
_MATRIX_RGB = 0
_MATRIX_RESERVED = 3
_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "jedec-p22",
}
_TRANSFERS = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
_MATRICES = {
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    11: "smpte2085",
    12: "chroma-derived-nc",
    13: "chroma-derived-c",
    14: "ictcp",
}
_RANGES = {1: "tv", 2: "pc"}
# FFmpeg's AVMasteringDisplayMetadata: red, green, blue and white as x and y, then the darkest and
# the brightest, all as two integers; and which of the two groups is given.
_MASTERING = struct.Struct("=20i2i")
_CHROMATICITY = 50_000
_LUMINANCE = 10_000
_CONTENT_LIGHT = struct.Struct("=2I")
# Of FFmpeg's display matrix: where a step to the right leads, in x and y, and where a step down.
_DISPLAY_MATRIX = struct.Struct("=2i4x2i16x")
_QUARTER_DEG = 90
_MOST_OFF_DEG = 1
_TURNS: tuple[Quarters, ...] = (0, 90, 180, 270)
_ALPHA_BESIDE = {"vp8", "vp9"}
_ALPHA_BLOCK = (1).to_bytes(8, "big")


@dataclass(frozen=True)
class Picture:
    """What the first decoded frame tells."""

    width: int
    height: int
    turned_deg: Quarters
    mirrored: bool
    colours_valid: bool
    colour: Colour
    pixel_format: str
    bit_depth: int
    has_alpha: bool
    is_rgb: bool
    mastering: str | None
    content_light: str | None


def read_picture(frame: VideoFrame, packet: "Packet[VideoStream]") -> Picture:
    """The packet is the one that yielded the frame."""
    parts = frame.format.components
    turned_deg, mirrored = orientation(_side_data(frame, Type.DISPLAYMATRIX))
    return Picture(
        width=frame.width,
        height=frame.height,
        turned_deg=turned_deg,
        mirrored=mirrored,
        colours_valid=_colours_valid(frame),
        colour=_colour(frame),
        pixel_format=frame.format.name,
        bit_depth=max((part.bits for part in parts), default=8),
        has_alpha=any(part.is_alpha for part in parts) or _alpha_beside(packet),
        is_rgb=frame.format.is_rgb or frame.format.has_palette,
        mastering=_mastering(_side_data(frame, Type.MASTERING_DISPLAY_METADATA)),
        content_light=_content_light(_side_data(frame, Type.CONTENT_LIGHT_LEVEL)),
    )


def orientation(matrix: bytes) -> tuple[Quarters, bool]:
    """(how far clockwise a picture is turned for showing, whether it is then mirrored left to
    right). A matrix that turns by anything but quarters is not followed."""
    if len(matrix) < _DISPLAY_MATRIX.size:
        return 0, False
    right_x, right_y, down_x, down_y = _DISPLAY_MATRIX.unpack_from(matrix)
    mirrored = right_x * down_y < right_y * down_x
    wide, tall = math.hypot(right_x, down_x), math.hypot(right_y, down_y)
    if not wide or not tall:
        return 0, False
    across = -right_x if mirrored else right_x
    angle_deg = math.degrees(math.atan2(right_y / tall, across / wide))
    quarters = round(angle_deg / _QUARTER_DEG)
    if abs(angle_deg - quarters * _QUARTER_DEG) > _MOST_OFF_DEG:
        return 0, False
    return _TURNS[quarters % len(_TURNS)], mirrored


def _colours_valid(frame: VideoFrame) -> bool:
    """Whether the tags are values of H.273: 0 and 3 are reserved, as is RGB on other pictures."""
    tags = (int(frame.color_primaries), int(frame.color_trc))
    rgb = frame.colorspace == _MATRIX_RGB and not frame.format.is_rgb
    return _RESERVED.isdisjoint(tags) and frame.colorspace != _MATRIX_RESERVED and not rgb


def _colour(frame: VideoFrame) -> Colour:
    return Colour(
        primaries=_PRIMARIES.get(int(frame.color_primaries)),
        transfer=_TRANSFERS.get(int(frame.color_trc)),
        matrix=_MATRICES.get(int(frame.colorspace)),
        range=_RANGES.get(int(frame.color_range)),
    )


def _alpha_beside(packet: "Packet[VideoStream]") -> bool:
    """Whether a block of WebM carries alpha; browsers set the flag of the track for nothing."""
    if packet.stream.codec_context.name not in _ALPHA_BESIDE:
        return False
    if not packet.has_sidedata("matroska_block_additional"):
        return False
    return bytes(packet.get_sidedata("matroska_block_additional")).startswith(_ALPHA_BLOCK)


def _side_data(frame: VideoFrame, kind: Type) -> bytes:
    found: Any = frame.side_data.get(kind.name)
    return bytes(found) if found is not None else b""


def _mastering(data: bytes) -> str | None:
    if len(data) < _MASTERING.size:
        return None
    *numbers, has_primaries, has_luminance = _MASTERING.unpack_from(data)
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    if not (has_primaries and has_luminance) or any(below <= 0 for _, below in pairs):
        return None
    *chromaticities, darkest, brightest = (Fraction(above, below) for above, below in pairs)
    rx, ry, gx, gy, bx, by, wx, wy = (round(each * _CHROMATICITY) for each in chromaticities)
    light = f"L({round(brightest * _LUMINANCE)},{round(darkest * _LUMINANCE)})"
    return f"G({gx},{gy})B({bx},{by})R({rx},{ry})WP({wx},{wy}){light}"


def _content_light(data: bytes) -> str | None:
    if len(data) < _CONTENT_LIGHT.size:
        return None
    sample, frame = _CONTENT_LIGHT.unpack_from(data)
    return f"{sample},{frame}" if sample or frame else None
