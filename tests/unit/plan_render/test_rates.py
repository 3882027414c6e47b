"""The rate of the output grid, from headers that lie and times that are rounded."""

from fractions import Fraction

import pytest

from functions.plan_render.source.rates import measure, output_rate, snap

MS = Fraction(1, 1000)
NTSC = Fraction(30_000, 1001)


def rounded(rate: Fraction, frames: int, tick_s: Fraction) -> list[int]:
    return [round(n / rate / tick_s) for n in range(frames)]


@pytest.mark.parametrize(
    "rate", [NTSC, Fraction(24_000, 1001), Fraction(60_000, 1001), Fraction(25)]
)
def test_times_in_milliseconds_still_tell_the_rate(rate: Fraction) -> None:
    assert snap(measure(rounded(rate, 300, MS), MS) or Fraction(0)) == rate


def test_dropped_frames_do_not_change_a_constant_rate() -> None:
    times = [t for n, t in enumerate(rounded(Fraction(24), 240, Fraction(1, 90_000))) if n % 40]
    assert measure(times, Fraction(1, 90_000)) == 24


def test_variable_times_give_the_average() -> None:
    assert measure([0, 10, 100, 130, 400], MS) == 10


@pytest.mark.parametrize("times", [[], [7], [7, 7]])
def test_nothing_to_measure(times: list[int]) -> None:
    assert measure(times, MS) is None


@pytest.mark.parametrize(
    ("header", "measured", "expected"),
    [
        (NTSC, Fraction(2999, 100), NTSC),
        (Fraction(1000), NTSC, NTSC),
        (Fraction(25), Fraction(50), Fraction(25)),
        (Fraction(24), Fraction(24), Fraction(24)),
        (None, None, Fraction(25)),
        (Fraction(15), None, Fraction(15)),
        (None, Fraction(24_400, 1000), Fraction(122, 5)),
        (Fraction(57_600), Fraction(8664, 1000), Fraction(849, 98)),
        (None, Fraction(500), Fraction(120)),
        (None, Fraction(1, 30), Fraction(1)),
        (Fraction(90_000, 3013), Fraction(2987, 100), NTSC),
    ],
)
def test_choice(header: Fraction | None, measured: Fraction | None, expected: Fraction) -> None:
    assert output_rate(header, measured) == expected
