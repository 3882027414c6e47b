"""What is noticed between a stitched file and the one ffmpeg makes of it."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from functions.assemble_render.packets import Packet, listening
from functions.assemble_render.remux import Planned, compare
from functions.shared.errors import RenderMismatch

VIDEO = [
    Packet(Fraction(n, 30), 100 + n, f"0x{n}", is_key=n == 0, added=("12", "0xa")) for n in range(9)
]
SOUND = [Packet(Fraction(n, 50), 20, f"0x9{n}", is_key=True) for n in range(5)]
PLANNED = [Planned(9, sum(range(100, 109))), Planned(5, 100)]


def changed(number: int, **fields: Any) -> Callable[[], list[list[Packet]]]:
    def made() -> list[list[Packet]]:
        return [[*VIDEO[:number], replace(VIDEO[number], **fields), *VIDEO[number + 1 :]], SOUND]

    return made


def test_times_may_be_rounded_to_a_millisecond() -> None:
    rounded = [
        [replace(packet, at_s=Fraction(round(packet.at_s * 1000), 1000)) for packet in stream]
        for stream in (VIDEO, SOUND)
    ]
    compare([VIDEO, SOUND], rounded, PLANNED, "output a")


def test_pcm_is_counted_by_its_bytes() -> None:
    compare([VIDEO, SOUND], [VIDEO, SOUND], [PLANNED[0], Planned(None, 100)], "output a")
    with pytest.raises(RenderMismatch, match="is planned to hold"):
        compare([VIDEO, SOUND], [VIDEO, SOUND], [PLANNED[0], Planned(None, 101)], "output a")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (changed(3, crc="0x0"), "another packet 3 in track 0"),
        (changed(3, is_key=True), "another packet 3 in track 0"),
        (changed(3, added=()), "another packet 3 in track 0"),
        (changed(3, added=("12", "0xb")), "another packet 3 in track 0"),
        (changed(3, at_s=Fraction(102, 1000)), r"packet 3 of track 0 at 0\.1020 s, not 0\.1000 s"),
        (changed(3, size_bytes=102), "is planned to hold"),
        (lambda: [VIDEO[:-1], SOUND], "is planned to hold"),
        (lambda: [VIDEO], "is planned to hold"),
        (lambda: [VIDEO, SOUND, SOUND], "is planned to hold"),
    ],
)
def test_a_change_is_named(made: Callable[[], list[list[Packet]]], said: str) -> None:
    with pytest.raises(RenderMismatch, match=said):
        compare([VIDEO, SOUND], made(), PLANNED, "output a")


LISTING = (
    "#tb 0: 1/1000\n#media_type 0: video\n#tb 1: 1/48000\n"
    "0,          0,         33,       33,      213, 0xe5, S=1, Matroska BlockAdditional,"
    "      284, 0x92\n"
    "1,       -312,      -312,      960,      307, 0x5d, F=0x5, S=1, Skip Samples, 10, 0x02\n"
    "0,         33,         66,       33,       13, 0xe6, F=0x0\n"
)


def test_a_listing_is_read_with_its_flags_and_what_is_added(tmp_path: Path) -> None:
    with listening(tmp_path / "listing") as (path, streams):
        Path(path).write_text(LISTING)

    assert [list(stream) for stream in streams] == [
        [
            Packet(Fraction(33, 1000), 213, "0xe5", is_key=True, added=("284", "0x92")),
            Packet(Fraction(66, 1000), 13, "0xe6", is_key=False),
        ],
        [Packet(Fraction(-312, 48000), 307, "0x5d", is_key=True)],
    ]
    assert not list(tmp_path.iterdir())


def test_a_writer_that_never_comes_is_not_waited_for(tmp_path: Path) -> None:
    with listening(tmp_path / "listing") as (_, streams):
        pass

    assert streams == []


def test_a_damaged_listing_keeps_no_writer_waiting(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="invalid literal"),
        listening(tmp_path / "listing") as (path, _),
    ):
        Path(path).write_text("#tb 0: 1/1000\nno packet\n" + LISTING * 1000)
