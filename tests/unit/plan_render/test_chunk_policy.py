from fractions import Fraction

import pytest

from functions.plan_render.chunk_policy import usual_gops

CHEAP = Fraction(1920 * 1080 * 30)


def gops(length_s: float, preset: str | None = None, width: int = 100) -> int:
    return usual_gops(Fraction(length_s), presets=[preset], cost_per_s=CHEAP, width=width)


@pytest.mark.parametrize("preset", ["veryfast", "medium", None])
@pytest.mark.parametrize(("length_s", "wanted"), [(3, 1), (10, 1), (30, 1), (30.5, 2), (60, 2)])
def test_a_short_clip_is_spread_over_more_functions(
    preset: str | None, length_s: float, wanted: int
) -> None:
    assert gops(length_s, preset) == wanted


@pytest.mark.parametrize(("length_s", "width"), [(10, 1), (20, 2), (30, 3)])
def test_but_not_where_no_more_may_run(length_s: int, width: int) -> None:
    assert gops(length_s, width=width) == 2
    assert gops(length_s, width=width + 1) == 1


def test_what_is_long_has_long_chunks() -> None:
    assert (gops(20 * 60), gops(20 * 60 + 1)) == (2, 4)
    assert (gops(5 * 60, "veryfast"), gops(5 * 60 + 1, "veryfast")) == (2, 4)


def test_one_slow_output_among_fast_ones_is_slow() -> None:
    mixed = usual_gops(Fraction(600), presets=["veryfast", "slow"], cost_per_s=CHEAP, width=9)

    assert mixed == 2


def test_costly_frames_have_short_chunks_at_any_length() -> None:
    costly = Fraction(1920 * 1080 * 120 + 1)

    for length_s in (10, 60, 7200):
        assert usual_gops(Fraction(length_s), presets=[None], cost_per_s=costly, width=1) == 1
