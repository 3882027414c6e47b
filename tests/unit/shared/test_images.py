"""A picture counts only when it is whole."""

from pathlib import Path

import pytest

from functions.shared.images import image_size

JPEG = b"\xff\xd8\xff\xe0\0\x04..\xff\xc0\0\x11\x08\0\xb4\1\x40\3" + b"." * 20 + b"\xff\xd9"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (JPEG, ("jpeg", 320, 180)),
        (JPEG[:-2], None),
        (JPEG[:4] + b"\xff\xff" + JPEG[6:], None),
        (b"\xff\xd8\xff\xd9", None),
        (b"", None),
        (b"<html>", None),
    ],
)
def test_jpeg(tmp_path: Path, data: bytes, expected: tuple[str, int, int] | None) -> None:
    (tmp_path / "p").write_bytes(data)
    assert image_size(tmp_path / "p") == expected


def test_png(tmp_path: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\1\x40" + b"\0\0\0\xb4"
    (tmp_path / "p").write_bytes(head + b"........IEND\xaeB`\x82")
    assert image_size(tmp_path / "p") == ("png", 320, 180)
    (tmp_path / "p").write_bytes(head)
    assert image_size(tmp_path / "p") is None


def test_no_file(tmp_path: Path) -> None:
    assert image_size(tmp_path / "p") is None
