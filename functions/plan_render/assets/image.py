"""Whether a file is one picture that can be laid over a video, by decoding it."""

from pathlib import Path

import av
from av.error import FFmpegError

from functions.plan_render.assets.probing import ImageFacts
from functions.shared.errors import AssetUnusable

MOST_PIXELS = 64_000_000
"""256 MB decoded, which is what the smallest function that draws it can spare."""
_PNG = b"\x89PNG\r\n\x1a\n"
_DEMUXERS = {"PNG": "png_pipe", "JPEG": "jpeg_pipe", "WebP": "webp_pipe"}
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ANIMATED = 0x02
"""In the flags of a WebP's VP8X chunk."""


def examine(file: Path) -> ImageFacts:
    """A picture's facts. Raises AssetUnusable, whose message is a predicate."""
    data = file.read_bytes()
    kind = _kind(data)
    stated = _stated_size(kind, data)
    if stated is None:
        raise AssetUnusable(f"begins like a {kind} picture and does not say how large it is")
    _check(*stated)
    if (kind == "PNG" and b"acTL" in data[:4096]) or (kind == "WebP" and _moves(data)):
        raise AssetUnusable(f"is an animated {kind}; send a single picture")
    width, height = _decoded_size(file, kind)
    _check(width, height)
    return ImageFacts(demuxer=_DEMUXERS[kind], width=width, height=height)


def _kind(data: bytes) -> str:
    if data.startswith(_PNG):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    raise AssetUnusable("is no PNG, JPEG or WebP picture" if data else "is empty (0 bytes)")


def _check(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise AssetUnusable(
            f"has {width}x{height} pixels; {MOST_PIXELS // 1_000_000} megapixels are allowed"
        )


def _decoded_size(file: Path, kind: str) -> tuple[int, int]:
    """Of the first picture as it is shown: a JPEG may say that it lies on its side."""
    try:
        only_this = {"protocol_whitelist": "file"}
        with av.open(str(file), format=_DEMUXERS[kind], options=only_this) as container:
            stream = container.streams.video[0]
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            frame = next(container.decode(stream))
    except (FFmpegError, StopIteration, IndexError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise AssetUnusable(f"is a {kind} picture that cannot be decoded ({said})") from error
    turned = frame.rotation % 180 != 0
    return (frame.height, frame.width) if turned else (frame.width, frame.height)


def _stated_size(kind: str, data: bytes) -> tuple[int, int] | None:
    """What the header says, before anything of that size is made in memory."""
    if kind == "PNG":
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return _jpeg_size(data) if kind == "JPEG" else _webp_size(data)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Of the frame header, to which the segments before it lead."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - a marker's first byte
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _START_OF_FRAME:
            width = int.from_bytes(data[at + 7 : at + 9], "big")
            return width, int.from_bytes(data[at + 5 : at + 7], "big")
        at += 1 if marker == 0xFF else 2 + length  # noqa: PLR2004 - fill bytes
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    first, body = data[12:16], data[20:30]
    if len(body) < 10:  # noqa: PLR2004 - the longest of the headers
        return None
    if first == b"VP8X":
        return _little(body[4:7]) + 1, _little(body[7:10]) + 1
    if first == b"VP8L":
        bits = _little(body[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if first == b"VP8 ":
        return _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF
    return None


def _moves(data: bytes) -> bool:
    return data[12:16] == b"VP8X" and bool(data[20] & _ANIMATED)


def _little(number: bytes) -> int:
    return int.from_bytes(number, "little")
