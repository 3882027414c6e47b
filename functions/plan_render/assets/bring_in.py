"""Brings in what a request names besides its source: pins it, bounds it, looks into it.

What stands in S3 is pinned where it is; what stands at an https address is copied among the job's
parts, by the rules that hold for sources. Pictures and captions are then read in a process of their
own (`asset_reading`), so that a job with a bad one ends before anything is rendered.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from functions.plan_render.assets.probing import CaptionFacts, ImageFacts, read_captions, read_image
from functions.plan_render.source.facts import Probe
from functions.plan_render.source.fetch import as_file, find_object, object_key
from functions.shared.errors import (
    AssetUnusable,
    RenderTimedOut,
    SourceNotAllowed,
    SourceTooLarge,
    SourceUnreachable,
    TransientError,
)
from functions.shared.hls import Piece
from functions.shared.media_store import Keys, MediaStore, Part
from functions.shared.parts import Deadline
from functions.shared.plan import Asset
from functions.shared.plan.asset import AssetKind
from functions.shared.request.assets import Named, named_assets
from functions.shared.request.caption import CaptionStyle
from functions.shared.request.edit import Edit
from functions.shared.transfers import upload_in_parts
from functions.shared.web import Web, bare
from functions.shared.web_reading import Reader, pour

IMAGE_BYTES = 20_000_000
"""Over any picture that was made to be shown in a video; every worker reads it again."""
CAPTIONS_BYTES = 5_000_000
"""A whole day's talk has 1 MB."""
CAPTION_FILES = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "ass": "text/x-ssa",
    "json": "application/json",
}
"""What is written down of captions, and its content type."""
_OWN_NAMES = (TransientError, RenderTimedOut, SourceNotAllowed, SourceUnreachable)


class Store(Protocol):
    """What bringing in needs of the media store."""

    def head(self, key: str, *, bucket: str | None = None) -> Part | None: ...

    def download(self, key: str, file: Path, *, bucket: str | None, etag: str) -> None: ...

    def upload(
        self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]
    ) -> None: ...


@dataclass(frozen=True)
class Places:
    """How an asset's object is found. Both raise what `fetch.locate` raises."""

    bucket: str
    """The stack's own."""
    find: Callable[[str, str], Part]
    """(bucket, key)"""
    copy: Callable[[str, str, int, float], Part]
    """(https address, key of the copy, most bytes, most seconds)"""


@dataclass(frozen=True)
class Captions:
    """Captions as workers read them, by `CAPTION_FILES`' names."""

    facts: CaptionFacts
    files: Mapping[str, Asset]


@dataclass(frozen=True)
class Brought:
    """A request's assets, by their fields in it, e.g. `edit.overlays.0.image`."""

    assets: Mapping[str, Asset] = field(default_factory=dict)
    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    captions: Mapping[str, Captions] = field(default_factory=dict)
    sounds: Mapping[str, Probe] = field(default_factory=dict)
    """Added by `sound_edit.probe_sounds`."""


NOTHING = Brought()


@dataclass(frozen=True)
class Bringing:
    """What the assets of one job are brought in with."""

    job_id: str
    store: Store
    places: Places
    deadline: Deadline
    sound_bytes: int
    """What a sound may have at most."""

    def pinned(self, named: Named) -> Asset:
        """The object an asset is read from."""
        limits = {"image": IMAGE_BYTES, "captions": CAPTIONS_BYTES, "sound": self.sound_bytes}
        most_bytes, url = limits[named.kind], urlsplit(named.address)
        if url.scheme == "s3":
            bucket, found = url.netloc, self.places.find(url.netloc, object_key(named.address))
        else:
            name = hashlib.sha256(named.address.encode()).hexdigest()[:16]
            bucket, key = self.places.bucket, Keys(self.job_id).asset(name)
            left_s = self.deadline.left_s("bringing it in")
            found = self.places.copy(named.address, key, most_bytes, left_s)
        if found.size_bytes == 0:
            raise AssetUnusable("is empty (0 bytes)")
        if found.size_bytes > most_bytes:
            raise AssetUnusable(f"has {found.size_bytes:,} bytes; {most_bytes:,} are allowed")
        return _asset(named.kind, named.field, bucket, found)

    def image(self, asset: Asset) -> ImageFacts:
        with tempfile.TemporaryDirectory(prefix="asset-") as folder:
            file = self._fetched(asset, Path(folder))
            return read_image(file, timeout_s=self.deadline.left_s("reading it"))

    def captions(self, asset: Asset, style: CaptionStyle, name: str) -> Captions:
        """Read captions, and keep them among the job's parts as workers read them."""
        with tempfile.TemporaryDirectory(prefix="asset-") as folder:
            file = self._fetched(asset, Path(folder))
            facts = read_captions(file, style, timeout_s=self.deadline.left_s("reading it"))
            files = {}
            for kind, content_type in CAPTION_FILES.items():
                key = Keys(self.job_id).asset(f"{name}.{kind}")
                self.store.upload(key, Path(folder) / f"captions.{kind}", content_type, {})
                kept = self.store.head(key)
                if kept is None:
                    raise TransientError(f"{key} was removed just after it was written.")
                files[kind] = _asset("captions", asset.field, self.places.bucket, kept)
        return Captions(facts, files)

    def _fetched(self, asset: Asset, folder: Path) -> Path:
        file = folder / "asset"
        self.store.download(asset.key, file, bucket=asset.bucket, etag=asset.etag)
        return file


def bring_in(edit: Edit | None, bringing: Bringing) -> Brought:
    """All that a request names. A message begins with the field it is about.

    Raises AssetUnusable, SourceNotAllowed, SourceUnreachable, RenderTimedOut, TransientError.
    """
    assets: dict[str, Asset] = {}
    images: dict[str, ImageFacts] = {}
    captions: dict[str, Captions] = {}
    for named in named_assets(edit):
        try:
            asset = bringing.pinned(named)
            assets[named.field] = asset
            if named.kind == "image":
                images[named.field] = bringing.image(asset)
            elif named.kind == "captions" and edit is not None:
                number = int(named.field.split(".")[2])
                style = edit.captions[number].style
                captions[named.field] = bringing.captions(asset, style, f"captions-{number}")
        except _OWN_NAMES as error:
            raise type(error)(f"{named.field}: {error}") from error
        except SourceTooLarge as error:
            raise AssetUnusable(f"{named.field}: {error}") from error
        except AssetUnusable as error:
            raise AssetUnusable(f"{named.field}: {bare(named.address)} {error}.") from error
    return Brought(assets, images, captions)


def places_of(store: MediaStore, web: Web) -> Places:
    """S3 and the web."""

    def copy(address: str, key: str, most_bytes: int, timeout_s: float) -> Part:
        with Reader(web, timeout_s) as reader:
            answer = reader.open(Piece(address))
            try:
                body = as_file(pour(answer, Piece(address), most_bytes))
                upload_in_parts(store.s3, store.bucket, key, body, {})
            finally:
                answer.close()
        return find_object(store, store.bucket, key)

    return Places(store.bucket, lambda bucket, key: find_object(store, bucket, key), copy)


def _asset(kind: AssetKind, field_path: str, bucket: str, part: Part) -> Asset:
    return Asset(
        kind=kind,
        field=field_path,
        bucket=bucket,
        key=part.key,
        etag=part.etag,
        size_bytes=part.size_bytes,
    )
