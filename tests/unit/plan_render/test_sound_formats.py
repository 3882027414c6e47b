"""Formats of sound, told by the first bytes of packets as FFmpeg's encoders write them."""

import pytest

from functions.plan_render.source.sound_formats import sound_format

MP2_48K_STEREO = bytes.fromhex("fffda40000000000")
MP2_48K_MONO = bytes.fromhex("fffda4c000000000")
MP2_48K_JOINT = bytes.fromhex("fffda44000000000")
MP2_44K_STEREO = bytes.fromhex("fffda00000000000")
AAC_44K_STEREO = bytes.fromhex("fff15080297ffc00")
AAC_48K_SURROUND = bytes.fromhex("fff14d802c9ffc00")
AC3_5_1 = bytes.fromhex("0b7728191e40ebf8")
AC3_5_0 = bytes.fromhex("0b77fd121e40eaf8")
AC3_STEREO = bytes.fromhex("0b775052144043e1")
EAC3_STEREO = bytes.fromhex("0b77017f3487c000")
EAC3_5_1 = bytes.fromhex("0b77037f3f87c000")


@pytest.mark.parametrize(
    ("codec", "head", "other"),
    [
        ("aac", AAC_44K_STEREO, AAC_48K_SURROUND),
        ("mp2", MP2_48K_STEREO, MP2_48K_MONO),
        ("mp2", MP2_48K_STEREO, MP2_44K_STEREO),
        ("ac3", AC3_5_1, AC3_5_0),
        ("ac3", AC3_5_0, AC3_STEREO),
        ("eac3", EAC3_STEREO, EAC3_5_1),
    ],
)
def test_other_formats_differ(codec: str, head: bytes, other: bytes) -> None:
    assert None is not sound_format(codec, head) != sound_format(codec, other) is not None


def test_the_way_two_channels_are_coded_is_no_format() -> None:
    assert sound_format("mp2", MP2_48K_STEREO) == sound_format("mp2", MP2_48K_JOINT)


def test_the_length_of_a_packet_is_no_format() -> None:
    longer = AAC_44K_STEREO[:4] + b"\x40" + AAC_44K_STEREO[5:]
    assert sound_format("aac", AAC_44K_STEREO) == sound_format("aac", longer)


@pytest.mark.parametrize("codec", ["aac", "mp2", "ac3", "eac3", "dts", "opus"])
@pytest.mark.parametrize("head", [b"", b"\xff", b"\x0b\x77", bytes(8)])
def test_what_does_not_tell(codec: str, head: bytes) -> None:
    assert sound_format(codec, head) is None
