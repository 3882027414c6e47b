"""Makes a published snapshot in another width, once; from then on it is there."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from functions.shared.errors import FfmpegFailed, PartMissing
from functions.shared.ffmpeg import Input, run_ffmpeg
from functions.shared.image_coding import CONTENT_TYPES, ImageCoding, encoder, pixel_filters
from functions.shared.images import image_size
from functions.shared.media_store import Keys, Part
from functions.shared.plan import ImageFormat
from functions.shared.resizing import Resized, ResizeEvent

_DEMUXERS = "jpeg_pipe,png_pipe,webp_pipe,webp_anim,mov"
_SPARE_S = 2.0
"""Of the function's time, for what comes after ffmpeg."""


class Store(Protocol):
    """What resizing needs of the media store."""

    def head(self, key: str) -> Part | None: ...

    def read(self, key: str) -> bytes: ...

    def write_once(
        self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str]
    ) -> bool: ...


def resize(store: Store, asked: ResizeEvent, *, remaining_s: float) -> Resized:
    """Of two calls at once, the first to write is kept.

    Raises PartMissing where there is no such snapshot, FfmpegFailed, RenderTimedOut.
    """
    keys = Keys(asked.job_id)
    key = keys.resized(asked.name, asked.width)
    found = store.head(key) or _make(store, keys.snapshot(asked.name), key, asked, remaining_s)
    width, height = (int(found.metadata[side]) for side in ("width", "height"))
    return Resized(key=key, width=width, height=height, size_bytes=found.size_bytes)


def _make(store: Store, source: str, key: str, asked: ResizeEvent, remaining_s: float) -> Part:
    if store.head(source) is None:
        raise PartMissing(f"Job {asked.job_id} has no snapshot {asked.name!r} ({source}).")
    with tempfile.TemporaryDirectory(prefix="resize-") as folder:
        original, made = Path(folder) / "original", Path(folder) / "made"
        original.write_bytes(store.read(source))
        size = image_size(original)
        if size is None:
            raise FfmpegFailed(f"{source} is no whole picture.")
        found, width, height = size
        image_format = cast("ImageFormat", found)
        wanted = (image_format, asked.width, max(1, round(height * asked.width / width)))
        _scale(original, made, wanted, remaining_s)
        if image_size(made) != wanted:
            raise FfmpegFailed(f"{source} did not become a picture {asked.width} pixels wide.")
        body = made.read_bytes()
    facts = {"width": str(wanted[1]), "height": str(wanted[2])}
    store.write_once(key, body, CONTENT_TYPES[image_format], facts)
    kept = store.head(key)
    if kept is None:
        raise PartMissing(f"{key} was written and is not there.")
    return kept


def _scale(
    original: Path, made: Path, wanted: tuple[ImageFormat, int, int], remaining_s: float
) -> None:
    image_format, width, height = wanted
    coding = ImageCoding(image_format)
    options = [
        *("-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS),
        *("-threads", "1", "-i", str(original), "-map", "0:v:0", "-map_metadata", "-1"),
        *("-vf", f"scale={width}:{height}{pixel_filters(coding)},setsar=1"),
        *("-frames:v", "1", *encoder(coding), str(made)),
    ]
    run_ffmpeg(options, Input(str(original), original.name), timeout_s=remaining_s - _SPARE_S)
