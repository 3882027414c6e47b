"""Files that one function could not put together are refused before anything is rendered."""

from fractions import Fraction
from typing import Any

import pytest

from functions.plan_render.file_room import MOST_FRAMES
from functions.plan_render.plan import PlanSettings
from functions.shared.errors import InvalidRequest
from functions.shared.mp4.sample_tables import MAX_SAMPLES
from functions.shared.plan.grid import frame_slack
from tests.unit.plan_render.test_plan import SETTINGS, plan, probe

HOUR_S = Fraction(3600)


def hours(count: int, outputs: list[dict[str, Any]], settings: PlanSettings = SETTINGS) -> int:
    return len(plan(probe(length_s=count * HOUR_S), settings, render={"outputs": outputs}).outputs)


def rated(name: str, kbps: int) -> dict[str, Any]:
    return {"name": name, "video": {"bitrate_kbps": kbps}}


def prores(profile: str) -> dict[str, Any]:
    return {"container": "mov", "video": {"codec": "prores", "profile": profile}}


def test_what_the_function_has_time_for_is_planned() -> None:
    assert hours(10, [rated("a", 5000), rated("b", 5000)])
    assert hours(1, [prores("hq")], SETTINGS.model_copy(update={"assemble_timeout_s": 1800}))
    assert hours(1, [prores("proxy")])


@pytest.mark.parametrize(
    ("count", "outputs"),
    [(1, [prores("hq")]), (10, [rated("a", 12_000)]), (10, [rated("a", 6000), rated("b", 6000)])],
)
def test_more_is_refused_with_its_size(count: int, outputs: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidRequest, match=r"would have about 5\d,\d{3},|about 9\d,\d{3},"):
        hours(count, outputs)


def test_a_quality_says_no_size() -> None:
    assert hours(10, [{"video": {"crf": 10}}])


def test_more_frames_than_a_table_holds_are_refused() -> None:
    rate, one = Fraction(120), Fraction(1, 120)
    enough_s = MOST_FRAMES * one
    assert MOST_FRAMES + frame_slack(rate) < MAX_SAMPLES
    held = plan(probe(rate=rate, length_s=enough_s, audio=None), render={"outputs": [{}]})
    assert held.video.total_frames == MOST_FRAMES
    with pytest.raises(InvalidRequest, match=r"4,000,001 frames and 4,000,000 are allowed"):
        plan(probe(rate=rate, length_s=enough_s + one, audio=None), render={"outputs": [{}]})
