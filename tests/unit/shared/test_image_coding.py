"""Qualities, and which pictures are whole."""

from pathlib import Path

import pytest

from functions.shared.image_coding import ImageCoding, encoder, mjpeg_q
from functions.shared.images import image_size

VP8 = b"VP8 \x0c\0\0\0\x90\x01\0\x9d\x01\x2a\x40\x01\xb4\0.."
VP8L = b"VP8L\x0a\0\0\0\x2f\x3f\xc1\x2c\0......"


def webp(chunk: bytes) -> bytes:
    return b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"WEBP" + chunk


def box(kind: bytes, payload: bytes) -> bytes:
    return (8 + len(payload)).to_bytes(4, "big") + kind + payload


SHAPE = box(b"ispe", bytes(4) + (320).to_bytes(4, "big") + (180).to_bytes(4, "big"))
META = box(b"meta", bytes(4) + box(b"hdlr", b"pict") + box(b"iprp", box(b"ipco", SHAPE)))
AVIF = box(b"ftyp", b"avif" + bytes(4)) + META + box(b"mdat", b"picture")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (webp(VP8), ("webp", 320, 180)),
        (webp(VP8L), ("webp", 320, 180)),
        (webp(VP8)[:-1], None),
        (webp(VP8[:-1]), None),
        (webp(VP8.replace(b"\x9d", b"\x9e")), None),
        (webp(b"ANIM\x0a\0\0\0" + bytes(10)), None),
        (AVIF, ("avif", 320, 180)),
        (AVIF[:-1], None),
        (AVIF.replace(b"ispe", b"xspe"), None),
        (AVIF.replace(b"mdat", b"free"), None),
        (b"\0\0\0\x08ftypavif", None),
    ],
)
def test_webp_and_avif(tmp_path: Path, data: bytes, expected: tuple[str, int, int] | None) -> None:
    (tmp_path / "p").write_bytes(data)
    assert image_size(tmp_path / "p") == expected


def test_a_jpeg_of_no_stated_quality_is_as_it_always_was() -> None:
    assert mjpeg_q(90) == 3
    options = encoder(ImageCoding("jpeg"))
    assert options[options.index("-q:v") + 1] == "3"


def test_better_jpegs_have_finer_steps() -> None:
    steps = [mjpeg_q(quality) for quality in range(1, 101)]
    assert steps == sorted(steps, reverse=True)
    assert (steps[0], steps[-1]) == (31, 1)


@pytest.mark.parametrize(("quality", "crf"), [(1, "62"), (50, "32"), (None, "22"), (100, "0")])
def test_avif_quality(quality: int | None, crf: str) -> None:
    options = encoder(ImageCoding("avif", quality))
    assert options[options.index("-crf") + 1] == crf
