"""VP9 with alpha: two streams of samples, laid together as Matroska knows them.

MP4 has no place for a VP9 picture's alpha, so its chunks are a second output's parts. Here both are
written as one plain Matroska stream, a cluster a frame, which ffmpeg then makes a file of.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from functions.shared.errors import PartMismatch
from functions.shared.mp4.stitch import Blocks, Piece
from functions.shared.mp4.track import Track

_UNKNOWN_LENGTH = b"\x01" + 7 * b"\xff"
_TICK_NS = 1_000_000
_VIDEO = 1
_TRACK = b"\x81"
"""Its number, 1."""


def with_alpha(
    size: tuple[int, int],
    rate: Fraction,
    colours: tuple[Sequence[Track], Iterable[Piece]],
    alphas: tuple[Sequence[Track], Iterable[Piece]],
) -> Iterator[bytes]:
    """The stream's bytes. Each pair is the parts' tables and their media in one row.

    PartMismatch where the two have not the same frames, or a key frame of pictures is none of
    alpha: it could not be seeked to.
    """
    pictures, transparency = Blocks(colours[1]), Blocks(alphas[1])
    yield _head(*size)
    number = 0
    for picture_part, alpha_part in zip(colours[0], alphas[0], strict=True):
        keys, alpha_keys = _keys(picture_part), _keys(alpha_part)
        if len(picture_part.sizes) != len(alpha_part.sizes) or not keys <= alpha_keys:
            raise PartMismatch("has other frames, or other key frames, than its alpha")
        for index, lengths in enumerate(zip(picture_part.sizes, alpha_part.sizes, strict=True)):
            picture = b"".join(pictures.take(lengths[0]))
            alpha = b"".join(transparency.take(lengths[1]))
            at_ms = round(number * 1000 / rate)
            yield _cluster(at_ms, picture, alpha, is_key=index + 1 in keys)
            number += 1
    pictures.finish()
    transparency.finish()


def _keys(part: Track) -> set[int]:
    """Numbers of its key frames, counted from 1."""
    return set(range(1, len(part.sizes) + 1) if part.sync is None else part.sync)


def _head(width: int, height: int) -> bytes:
    header = _element(0x1A45DFA3, _element(0x4282, b"webm"), _number(0x4287, 4), _number(0x4285, 2))
    info = _element(0x1549A966, _number(0x2AD7B1, _TICK_NS), *_apps())
    frame = _element(0xE0, _number(0xB0, width), _number(0xBA, height), _number(0x53C0, 1))
    entry = _element(
        0xAE,
        *(_number(0xD7, 1), _number(0x73C5, 1), _number(0x83, _VIDEO), _number(0x9C, 0)),
        *(_element(0x86, b"V_VP9"), _number(0x55EE, 1), frame),
    )
    segment = _id(0x18538067) + _UNKNOWN_LENGTH
    return header + segment + info + _element(0x1654AE6B, entry)


def _apps() -> tuple[bytes, bytes]:
    return _element(0x4D80, b"reelwright"), _element(0x5741, b"reelwright")


def _cluster(at_ms: int, picture: bytes, alpha: bytes, *, is_key: bool) -> bytes:
    """One frame: its block, what is added to it, and whether it needs the one before."""
    block = _element(0xA1, _TRACK, struct.pack(">hB", 0, 0), picture)
    more = _element(0xA6, _number(0xEE, 1), _element(0xA5, alpha))
    needs = b"" if is_key else _element(0xFB, b"\xff")
    group = _element(0xA0, block, _element(0x75A1, more), needs)
    return _element(0x1F43B675, _number(0xE7, at_ms), group)


def _id(element: int) -> bytes:
    return element.to_bytes((element.bit_length() + 7) // 8, "big")


def _number(element: int, value: int) -> bytes:
    return _element(element, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _element(element: int, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return b"".join((_id(element), struct.pack(">Q", len(body) | 1 << 56), body))
