"""Checks that a picture file is whole, of its format and size, without decoding it."""

from pathlib import Path

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def image_size(file: Path) -> tuple[str, int, int] | None:
    """(format, width, height) of a whole jpeg or png file; None for anything else."""
    data = file.read_bytes() if file.exists() else b""
    if data.startswith(_PNG) and data.endswith(_PNG_END):
        return "png", int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9"):
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[str, int, int] | None:
    """Walk the segments to the frame header, which holds height and width."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - a marker's first byte
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _START_OF_FRAME:
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return "jpeg", int.from_bytes(data[at + 7 : at + 9], "big"), height
        at += 2 + length
    return None
