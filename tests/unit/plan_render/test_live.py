"""A live job is planned without looking at its source."""

from typing import Any

import pytest

from functions.plan_render.live import plan_live
from functions.shared.errors import InvalidRequest
from functions.shared.job import parse_input
from functions.shared.media_store import MediaStore
from functions.shared.plan import LivePlan

SOURCE = "https://media.example.com/live.m3u8"


def planned(job_timeout_s: int = 21_600, **live: Any) -> LivePlan:
    request = parse_input({"source": SOURCE, "live": live})
    assert request.live is not None
    return plan_live("job", request, request.live, job_timeout_s)


def test_the_plan_holds_what_was_asked_for() -> None:
    plan = planned(count=2, period_s=10, widths=[640, 64, 640], format="png", wait_s=5)
    assert plan == LivePlan(
        job_id="job",
        source=SOURCE,
        moments_s=(0, 5),
        widths=(64, 640),
        format="png",
        wait_s=5,
    )


def test_equal_requests_have_equal_plans_and_others_have_not() -> None:
    asked = planned(count=2, period_s=10)
    assert asked.hash == planned(count=2, period_s=10).hash
    assert asked.hash != planned(count=2, period_s=11).hash


def test_it_must_be_over_while_its_job_may_run() -> None:
    assert planned(1000, at_s=[400], wait_s=300).moments_s == (400,)
    with pytest.raises(InvalidRequest, match="live: the wait of 300 s and the last moment at 401"):
        planned(1000, at_s=[401], wait_s=300)


def test_a_stored_plan_is_read_as_what_it_is(store: MediaStore) -> None:
    plan = planned(at_s=[1])
    store.write_live_plan(plan)
    assert store.read_any_plan("job") == plan
