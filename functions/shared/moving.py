"""Checks that a file of moving pictures is whole, without decoding it."""

from pathlib import Path

_GIF_HEADER_BYTES = 13
_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_IMAGE_HEADER_BYTES = 9
_HAS_TABLE, _TABLE_BITS = 0x80, 0x07
_RIFF_HEADER_BYTES = 12

Moving = tuple[str, int, int, int]
"""(format, width, height, frames)"""


def moving_picture(file: Path) -> Moving | None:
    """What a whole gif or animated webp file is; None for anything else."""
    data = file.read_bytes() if file.exists() else b""
    try:
        if data.startswith(b"GIF89a"):
            return _gif(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
    except IndexError:
        return None
    return None


def _gif(data: bytes) -> Moving | None:
    """Walk its blocks to the mark at its end."""
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    at, frames = _GIF_HEADER_BYTES + _table_bytes(data[10]), 0
    while data[at] != _END:
        if data[at] == _IMAGE:
            frames += 1
            at += 1 + _IMAGE_HEADER_BYTES
            at += _table_bytes(data[at - 1]) + 1
        elif data[at] == _EXTENSION:
            at += 2
        else:
            return None
        while data[at]:
            at += 1 + data[at]
        at += 1
    return ("gif", width, height, frames) if at == len(data) - 1 else None


def _table_bytes(flags: int) -> int:
    return 3 << (flags & _TABLE_BITS) + 1 if flags & _HAS_TABLE else 0


def _webp(data: bytes) -> Moving | None:
    """Walk its chunks, which fill the file; the size stands in the first."""
    if int.from_bytes(data[4:8], "little") + 8 != len(data) or data[12:16] != b"VP8X":
        return None
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    at, frames = _RIFF_HEADER_BYTES, 0
    while at < len(data):
        frames += data[at : at + 4] == b"ANMF"
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + (length & 1)
    return ("webp", width, height, frames) if at == len(data) else None
