"""Captions as timed text: end to end, whole letters, read back as written."""

import pytest

from functions.shared.languages import three_letters
from functions.shared.mp4.text_track import laid_end_to_end, text_track


def test_captions_follow_each_other_without_a_gap() -> None:
    cues = [(500, 1750, "One"), (1500, 2000, "Two"), (2900, 9000, "Late"), (9500, 9900, "Never")]
    assert list(laid_end_to_end(cues, 3000)) == [
        (500, ""),
        (1000, "One"),
        (250, "One\nTwo"),
        (250, "Two"),
        (900, ""),
        (100, "Late"),
    ]


def test_a_caption_at_the_very_start_and_one_that_lasts_no_time() -> None:
    assert list(laid_end_to_end([(0, 1000, "A"), (500, 500, "B")], 1000)) == [
        (500, "A"),
        (500, "A"),
    ]


def test_the_track_is_read_back_as_it_was_written() -> None:
    movie, track, media = text_track([(0, 1000, "Žluť")], 1500, "pt-BR", "Português", (640, 360))
    assert (movie.timescale, track.kind, track.duration) == (1000, "sbtl", 1500)
    assert track.delta_runs == ((1, 1000), (1, 500))
    assert media == b"\x00\x06" + "Žluť".encode() + b"\x00\x00"
    assert list(track.sizes) == [8, 2]
    assert track.handler.payload().endswith("Português\0".encode())
    packed = int.from_bytes(track.language, "big")
    assert "".join(chr((packed >> shift & 31) + 0x60) for shift in (10, 5, 0)) == "por"


def test_a_caption_too_long_for_a_sample_is_cut_between_letters() -> None:
    _, track, media = text_track([(0, 1, "ž" * 40_000)], 1, "und", None, (64, 64))
    assert len(media[2:].decode()) == 32_767
    assert track.sizes[0] == len(media)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "eng"),
        ("zh-Hant-TW", "zho"),
        ("DE", "deu"),
        ("yue", "yue"),
        ("und", "und"),
        ("xx", "und"),
    ],
)
def test_languages_as_containers_name_them(tag: str, code: str) -> None:
    assert three_letters(tag) == code
