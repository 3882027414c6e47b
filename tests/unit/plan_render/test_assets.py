"""Bringing in what a request names besides its source: a TLS server on loopback, moto's S3."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.plan_render.assets.bring_in import Bringing, Brought, bring_in, places_of
from functions.plan_render.assets.captions import normalise
from functions.plan_render.assets.image import examine
from functions.plan_render.assets.probing import ImageFacts
from functions.shared.errors import (
    AssetUnusable,
    SourceChanged,
    SourceNotAllowed,
    SourceUnreachable,
    TransientError,
)
from functions.shared.job import parse_input
from functions.shared.media_store import MediaStore
from functions.shared.parts import Deadline
from functions.shared.request.caption import CaptionStyle
from functions.shared.web import Web
from tests.unit.conftest import GOOD
from tests.unit.plan_render.conftest import Site

SRT = b"1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i> &\nyou\n"
Bring = Callable[[dict[str, Any]], Brought]


def png(width: int, height: int) -> bytes:
    """Grey pixels; the header may promise more than there are."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(width) for _ in range(min(height, 100)))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def bring(store: MediaStore, web: Web) -> Bring:
    def bring(edit: dict[str, Any]) -> Brought:
        wanted = parse_input({**GOOD, "edit": edit}).edit
        places = places_of(store, web)
        return bring_in(wanted, Bringing("a", store, places, Deadline(60), sound_bytes=1000))

    return bring


def overlay(address: str) -> dict[str, Any]:
    return {"overlays": [{"image": address}]}


def captions(address: str, **more: Any) -> dict[str, Any]:
    return {"captions": [{"source": address, **more}]}


def test_what_is_in_s3_is_pinned_where_it_is(bring: Bring, store: MediaStore) -> None:
    store.write("uploads/logo", png(40, 30), "image/png")
    brought = bring(overlay("s3://media/uploads/logo"))
    asset = brought.assets["edit.overlays.0.image"]
    found = store.head("uploads/logo")
    assert found is not None
    assert (asset.bucket, asset.key, asset.etag) == ("media", "uploads/logo", found.etag)
    assert brought.images["edit.overlays.0.image"] == ImageFacts(
        demuxer="png_pipe", width=40, height=30
    )


def test_an_https_asset_becomes_an_object_of_its_job(
    bring: Bring, store: MediaStore, site: Site, port: int
) -> None:
    site["/logo"] = (200, {}, png(40, 30))
    asset = bring(overlay(f"https://media.test:{port}/logo")).assets["edit.overlays.0.image"]
    assert asset.key.startswith("parts/a/assets/")
    assert store.read(asset.key) == png(40, 30)


def test_captions_are_kept_as_workers_read_them(bring: Bring, store: MediaStore) -> None:
    store.write("uploads/words", SRT, "text/plain")
    kept = bring(captions("s3://media/uploads/words")).captions["edit.captions.0.source"]
    assert (kept.facts.format, kept.facts.cues, kept.facts.end_ms) == ("srt", 1, 2500)
    texts = {kind: store.read(asset.key).decode() for kind, asset in kept.files.items()}
    assert "00:00:01,000 --> 00:00:02,500\n<i>Hello</i> &\nyou" in texts["srt"]
    assert texts["vtt"].startswith("WEBVTT")
    assert "00:00:01.000 --> 00:00:02.500\n<i>Hello</i> &amp;\nyou" in texts["vtt"]
    assert texts["json"] == '[[1000, 2500, "Hello &\\nyou"]]'
    assert "Dialogue: 0,0:00:01.00,0:00:02.50,Default" in texts["ass"]
    assert kept.files["vtt"].key == "parts/a/assets/captions-0.vtt"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\n \n", "is empty"),
        (b"Once upon a time", "is neither SRT, WebVTT nor ASS captions"),
        (b"1\n00:00:01,000 --> 00:00:0x,500\nHello\n", "has no times in line 2 that SRT allows"),
        (b"WEBVTT\n\n00:01 --> 00:02\nHello\n", "has no times in line 3 that VTT allows"),
        (b"1\n00:00:02,000 --> 00:00:01,000\nHello\n", "before it starts, in line 2"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", "holds no captions"),
        (SRT + b"2\n00:00:03,000 --> 00:00:04,000\nna\xefve\n", "is not UTF-8 in line 7"),
        (b"[Events]\nDialogue: 0,soon,later,Default,,0,0,0,,Hi\n", "has no times in line 2"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n" + b"x" * 10_001, "10,001 letters"),
    ],
)
def test_captions_that_cannot_be_used(tmp_path: Path, body: bytes, says: str) -> None:
    with pytest.raises(AssetUnusable, match=says):
        normalise(body, tmp_path, CaptionStyle())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty"),
        (b"GIF89a", "is no PNG, JPEG or WebP picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is no PNG, JPEG or WebP picture"),
        (png(40, 30)[:60], "is a PNG picture that cannot be decoded"),
        (b"\xff\xd8\xff\xe0", "does not say how large it is"),
        (png(60_000, 2000), r"has 60000x2000 pixels; 64 megapixels are allowed"),
        (png(40, 30).replace(b"IDAT", b"acTL"), "is an animated PNG"),
    ],
)
def test_pictures_that_cannot_be_used(tmp_path: Path, body: bytes, says: str) -> None:
    file = tmp_path / "logo"
    file.write_bytes(body)
    with pytest.raises(AssetUnusable, match=says):
        examine(file)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", r"logo is empty \(0 bytes\)\."),
        (b"GIF89a", r"logo is no PNG, JPEG or WebP picture\."),
        (bytes(20_000_001), r"logo has 20,000,001 bytes; 20,000,000 are allowed\."),
    ],
)
def test_a_message_says_field_and_address(
    bring: Bring, store: MediaStore, body: bytes, says: str
) -> None:
    store.write("uploads/logo", body, "image/png")
    with pytest.raises(AssetUnusable, match=f"^edit.overlays.0.image: s3://media/uploads/{says}$"):
        bring(overlay("s3://media/uploads/logo"))


def test_what_is_not_there_is_said_with_its_field(bring: Bring) -> None:
    with pytest.raises(SourceUnreachable, match=r"^edit\.overlays\.0\.image: There is no object"):
        bring(overlay("s3://media/uploads/logo"))


def test_a_server_in_trouble_is_worth_another_attempt(bring: Bring, site: Site, port: int) -> None:
    site["/logo"] = (503, {}, b"")
    with pytest.raises(TransientError, match=r"^edit\.overlays\.0\.image: .*503"):
        bring(overlay(f"https://media.test:{port}/logo"))


def test_a_body_larger_than_allowed_is_not_read_to_its_end(
    bring: Bring, site: Site, port: int
) -> None:
    site["/words"] = (200, {}, bytes(6_000_000))
    with pytest.raises(AssetUnusable, match="this stack takes 5000000"):
        bring(captions(f"https://media.test:{port}/words"))


def test_a_private_address_is_refused(store: MediaStore) -> None:
    wanted = parse_input({**GOOD, "edit": overlay("https://inside.test/logo")}).edit
    places = places_of(store, Web(resolve=lambda _host, _port: ["10.0.0.1"]))
    with pytest.raises(SourceNotAllowed, match="not public"):
        bring_in(wanted, Bringing("a", store, places, Deadline(60), sound_bytes=1000))


def test_a_download_is_of_the_planned_bytes_or_none(store: MediaStore, tmp_path: Any) -> None:
    store.write("uploads/logo", b"first", "image/png")
    first = store.head("uploads/logo")
    assert first is not None
    store.download("uploads/logo", tmp_path / "a", bucket=None, etag=first.etag)
    assert (tmp_path / "a").read_bytes() == b"first"
    store.write("uploads/logo", b"second", "image/png")
    with pytest.raises(SourceChanged, match="removed or replaced"):
        store.download("uploads/logo", tmp_path / "b", bucket=None, etag=first.etag)
