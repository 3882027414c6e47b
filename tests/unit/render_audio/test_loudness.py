"""What the meter prints, and what is made of it."""

import math

import pytest

from functions.render_audio.loudness import Measured, parse, setting_filters
from functions.shared.errors import FfmpegFailed
from functions.shared.plan import Loudness

SUMMARY = """[Parsed_ebur128_0 @ 0x5599] Summary:

  Integrated loudness:
    I:         {}
    Threshold: {}

  Loudness range:
    LRA:         {}
    Threshold: -29.5 LUFS
    LRA low:   -10.5 LUFS
    LRA high:   -8.9 LUFS

  True peak:
    Peak:       {}
[out#0/null @ 0x5599] video:0KiB audio:112500KiB
"""
WANTED = Loudness(lufs=-16, true_peak_db=-1.5)


def test_the_meters_summary_is_read() -> None:
    told = SUMMARY.format("-9.5 LUFS", "-19.5 LUFS", "1.5 LU", "-5.6 dBFS")
    assert parse(f"Input #0\n{told}") == Measured(-9.5, -5.6, 1.5, -19.5)


@pytest.mark.parametrize("told", ["", "Summary:\n    I:   -9.5 LUFS\n"])
def test_a_meter_that_says_nothing(told: str) -> None:
    with pytest.raises(FfmpegFailed, match="did not tell the loudness"):
        parse(told)


def test_silence_is_left_alone() -> None:
    for loudness, peak in (("-70.0 LUFS", "-inf dBFS"), ("nan LUFS", "-90.0 dBFS")):
        found = parse(SUMMARY.format(loudness, "0.0 LUFS", "0.0 LU", peak))
        assert found.is_silent
        assert setting_filters(WANTED, found, 48_000) == "anull"
    assert math.isinf(parse(SUMMARY.format("-70.0", "0", "0", "-inf")).true_peak)


@pytest.mark.parametrize(("found", "kept"), [(0.0, 7.0), (9.2, 10), (60.0, 50.0)])
def test_the_range_that_was_found_is_kept(found: float, kept: float) -> None:
    filters = setting_filters(WANTED, Measured(-20, -6, found, -30), 44_100)
    assert filters == (
        f"loudnorm=I=-16.0:TP=-1.5:LRA={kept}:measured_I=-20:measured_TP=-6"
        f":measured_LRA={found or 0.01}:measured_thresh=-30:linear=true,"
        "aresample=44100:osf=flt"
    )
