"""The kinds of files: how they are named, and what they may hold."""

from typing import Literal

Container = Literal[
    "mp4", "mov", "webm", "mkv",
    "gif", "webp", "jpeg", "png", "avif",
    "m4a", "mp3", "flac", "wav", "opus",
]  # fmt: skip

CODECS: dict[str, tuple[str, ...]] = {
    "mp4": ("h264", "hevc", "vp9", "av1"),
    "mov": ("h264", "hevc", "prores"),
    "webm": ("vp9", "av1"),
    "mkv": ("h264", "hevc", "vp9", "av1", "prores"),
}
"""Files of chunks, and the video each may hold, the usual one first."""

REMUXED = ("webm", "mkv")
"""Made of the stitched file on disk, by ffmpeg."""

MOVING = ("gif", "webp")
STILLS = ("jpeg", "png", "avif")
PICTURES = (*MOVING, *STILLS)
"""Rendered in one piece. A webp is moving unless it is asked for by `at_s`."""

_SUFFIXES = {"jpeg": "jpg"}
_CONTENT_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "gif": "image/gif",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "avif": "image/avif",
}


def suffix(container: str) -> str:
    """Of a file's name, without the dot."""
    return _SUFFIXES.get(container, container)


def content_type(container: str) -> str:
    return _CONTENT_TYPES[container]
