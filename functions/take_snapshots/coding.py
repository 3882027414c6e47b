"""The files that are made of a frame: pictures, and raw samples to be measured."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from functions.shared.image_coding import ImageCoding, encoder, pixel_filters
from functions.shared.images import image_size
from functions.shared.picture_filters import SCALING


@dataclass(frozen=True)
class Target:
    """A file to be made of a frame."""

    file: Path
    width: int
    height: int
    filters: str
    """After the job's picture edit; they scale."""
    encoder: list[str]
    """With the muxer, without the file's name."""
    is_whole: Callable[[], bool]


def picture(wanted: ImageCoding, size: tuple[int, int], file: Path) -> Target:
    """A picture as the job wants it."""
    width, height = size
    expected = (wanted.format, width, height)
    return Target(
        file=file,
        width=width,
        height=height,
        filters=f"scale={width}:{height}:{SCALING}{pixel_filters(wanted)}",
        encoder=encoder(wanted),
        is_whole=lambda: image_size(file) == expected,
    )


def tile(size: tuple[int, int], file: Path) -> Target:
    """A lossless picture for further use here."""
    width, height = size
    return Target(
        file=file,
        width=width,
        height=height,
        filters=f"scale={width}:{height}:{SCALING},format=rgb24",
        encoder=["-c:v", "png", "-threads", "1", "-update", "1", "-f", "image2"],
        is_whole=lambda: image_size(file) == ("png", width, height),
    )


def raw(size: tuple[int, int], pixels: str, file: Path) -> Target:
    """Bare samples, by FFmpeg's name of their layout: `gray` or `rgb24`."""
    width, height = size
    size_bytes = width * height * {"gray": 1, "rgb24": 3}[pixels]
    return Target(
        file=file,
        width=width,
        height=height,
        filters=f"scale={width}:{height}:flags=area+full_chroma_int:out_range=full,format={pixels}",
        encoder=["-c:v", "rawvideo", "-f", "rawvideo"],
        is_whole=lambda: file.exists() and file.stat().st_size == size_bytes,
    )
