"""What a source is, from its boxes and first bytes, however damaged they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.plan_render.source.layout import describe, is_encrypted, lacks_index
from functions.shared.mp4.boxes import box, full_box
from functions.shared.mp4.source import MemoryBytes


def movie(*entries: str) -> bytes:
    tracks = [
        box(
            "trak",
            box("mdia", box("minf", box("stbl", full_box("stsd", 0, 0, b"\0\0\0\1", box(entry))))),
        )
        for entry in entries
    ]
    return box("ftyp", b"isom") + box("moov", box("mvhd"), *tracks)


@pytest.mark.parametrize(
    ("entries", "encrypted"),
    [
        (("avc1", "mp4a"), False),
        (("encv", "mp4a"), True),
        (("avc1", "enca"), True),
        (("avc1", "drms"), True),
        ((), False),
    ],
)
def test_encryption_is_seen_in_any_track(entries: tuple[str, ...], encrypted: bool) -> None:  # noqa: FBT001
    assert is_encrypted(MemoryBytes(movie(*entries))) is encrypted


def test_index_is_missed_only_where_a_file_begins_like_one() -> None:
    assert not lacks_index(MemoryBytes(movie("avc1")))
    assert not lacks_index(MemoryBytes(b"hello world, hello"))
    assert not lacks_index(MemoryBytes(b""))
    assert lacks_index(MemoryBytes(box("ftyp", b"isom") + box("mdat", b"x" * 99)))
    assert lacks_index(MemoryBytes(movie("avc1")[:-1]))


@given(st.binary(max_size=200), st.integers(0, 150))
def test_no_bytes_break_the_look(noise: bytes, at: int) -> None:
    good = movie("avc1", "encv")
    for data in (noise, good[:at] + noise + good[at:]):
        is_encrypted(MemoryBytes(data))
        lacks_index(MemoryBytes(data))
        assert describe(data)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"\xff\xd8\xff\xe0....", "JPEG"),
        (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "WebP"),
        (b"RIFF\x01\x02\x03\x04WAVE", "not a media file"),
        (b"#EXTM3U\n", "playlist"),
        (b"  <!doctype HTML>", "HTML"),
        (b"\xef\xbb", "text that begins"),
        (b"\xff", "text that begins"),
    ],
)
def test_description(head: bytes, says: str) -> None:
    assert says in describe(head)
