"""Checks that a picture file is whole, of its format and size, without decoding it."""

from collections.abc import Iterator
from pathlib import Path

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SIDE_BITS = 14
_SIDE = (1 << _SIDE_BITS) - 1
_VP8_START = b"\x9d\x01\x2a"
_VP8L_START = 0x2F
_HEADER_BYTES = 8
_RIFF_HEADER_BYTES = 12

Found = tuple[str, int, int] | None
"""(format, width, height)"""


def image_size(file: Path) -> Found:
    """What a whole jpeg, png, webp or avif file is; None for anything else."""
    data = file.read_bytes() if file.exists() else b""
    if data.startswith(_PNG) and data.endswith(_PNG_END):
        return "png", int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9"):
        return _jpeg_size(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp_size(data)
    if data[4:12] == b"ftypavif":
        return _avif_size(data)
    return None


def _jpeg_size(data: bytes) -> Found:
    """Walk the segments to the frame header, which holds height and width."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - a marker's first byte
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _START_OF_FRAME:
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return "jpeg", int.from_bytes(data[at + 7 : at + 9], "big"), height
        at += 2 + length
    return None


def _webp_size(data: bytes) -> Found:
    """One lossy or lossless picture, whose lengths agree with the file's."""
    kind, chunk = data[12:16], data[20:]
    chunk_bytes = int.from_bytes(data[16:20], "little")
    is_whole = int.from_bytes(data[4:8], "little") + 8 == len(data) and chunk_bytes <= len(chunk)
    if not is_whole or len(chunk) < 10:  # noqa: PLR2004 - of the shorter header
        return None
    if kind == b"VP8 " and chunk[3:6] == _VP8_START:
        width, height = (int.from_bytes(chunk[at : at + 2], "little") for at in (6, 8))
        return "webp", width & _SIDE, height & _SIDE
    if kind == b"VP8L" and chunk[0] == _VP8L_START:
        sides = int.from_bytes(chunk[1:5], "little")
        return "webp", (sides & _SIDE) + 1, (sides >> _SIDE_BITS & _SIDE) + 1
    return _extended_webp_size(data) if kind == b"VP8X" else None


def _extended_webp_size(data: bytes) -> Found:
    """One picture with its alpha beside it: its chunks fill the file."""
    end, pictures = _RIFF_HEADER_BYTES, 0
    while end < len(data):
        pictures += data[end : end + 4] in {b"VP8 ", b"VP8L"}
        length = int.from_bytes(data[end + 4 : end + 8], "little")
        end += _HEADER_BYTES + length + (length & 1)
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    return ("webp", width, height) if pictures == 1 and end == len(data) else None


def _avif_size(data: bytes) -> Found:
    """Its boxes fill the file, and the first size among the properties is the picture's."""
    try:
        boxes = {kind: (start, end) for kind, start, end in _boxes(data, 0, len(data))}
        if "mdat" not in boxes or len(set(boxes["mdat"])) == 1:
            return None
        start, end = boxes["meta"]
        inner = {kind: span for kind, *span in _boxes(data, start + 4, end)}
        properties = {kind: span for kind, *span in _boxes(data, *inner["iprp"])}
        shapes = {kind: span for kind, *span in _boxes(data, *properties["ipco"])}
        at = shapes["ispe"][0] + 4
    except (KeyError, ValueError):
        return None
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (at, at + 4))
    return "avif", width, height


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """(kind, payload start, end). ValueError where they don't fill the span exactly."""
    while start < end:
        length = int.from_bytes(data[start : start + 4], "big")
        if length < _HEADER_BYTES or start + length > end:
            raise ValueError("the boxes do not fill the file")
        yield data[start + 4 : start + 8].decode("latin-1"), start + _HEADER_BYTES, start + length
        start += length
