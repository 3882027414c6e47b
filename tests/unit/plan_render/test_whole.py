"""Whether files have the bytes they say they have, however damaged they are."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.plan_render.source.whole import is_whole
from functions.shared.mp4.source import MemoryBytes

EBML = b"\x1a\x45\xdf\xa3\x84webm"
SEGMENT = b"\x18\x53\x80\x67"
MATROSKA = EBML + SEGMENT + b"\x41\x00" + bytes(256)
RIFF = b"RIFF" + struct.pack("<I", 100) + bytes(100)
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ASF = bytes(30) + ASF_PROPERTIES + bytes(24) + struct.pack("<Q", 200) + bytes(122)
FLV = b"FLV\1\5\0\0\0\x09" + bytes(4) + b"\x09\0\0\x20" + bytes(7) + bytes(32) + b"\0\0\0\x2b"


@pytest.mark.parametrize(
    ("container", "content"),
    [
        ("matroska,webm", MATROSKA),
        ("matroska,webm", EBML + SEGMENT + b"\x01\0\0\0\0\0\1\0" + bytes(256)),
        ("avi", RIFF),
        ("avi", RIFF + RIFF),
        ("wav", RIFF),
        ("asf", ASF),
        ("flv", FLV),
    ],
)
def test_whole_or_cut_short(container: str, content: bytes) -> None:
    assert is_whole(MemoryBytes(content), container)
    assert not is_whole(MemoryBytes(content[:-1]), container)


@pytest.mark.parametrize(
    ("container", "content"),
    [
        ("matroska,webm", EBML + SEGMENT + b"\xff" + bytes(256)),
        ("matroska,webm", EBML + SEGMENT + b"\x01" + b"\xff" * 7 + bytes(256)),
        ("avi", b"RIFF\0\0\0\0" + bytes(100)),
        ("flv", FLV.replace(b"\x09\0\0\x20", b"\x09\0\0\x21")),
        ("asf", ASF.replace(struct.pack("<Q", 200), bytes(8))),
        ("mpegts", bytes(188)),
    ],
    ids=["unknown in 1 byte", "unknown in 8", "unfinished avi", "flv", "broadcast", "ts"],
)
def test_what_does_not_tell_is_not_taken_for_whole(container: str, content: bytes) -> None:
    assert not is_whole(MemoryBytes(content), container)


def test_what_stands_behind_the_last_chunk_does_not_matter() -> None:
    assert is_whole(MemoryBytes(RIFF + b"junk" * 5), "avi")


@given(
    st.sampled_from(["matroska,webm", "avi", "wav", "asf", "flv"]),
    st.one_of(
        st.binary(max_size=80),
        st.builds(
            lambda good, at, noise: good[:at] + noise,
            st.sampled_from([MATROSKA, RIFF, ASF, FLV]),
            st.integers(0, 90),
            st.binary(max_size=30),
        ),
    ),
)
def test_no_bytes_break_the_look(container: str, content: bytes) -> None:
    assert is_whole(MemoryBytes(content), container) in {True, False}
