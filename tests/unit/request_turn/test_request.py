"""An execution asks for its turn: it hears of it at once, later, or never."""

import pytest

from functions.request_turn.request import request_turn
from functions.shared.errors import JobEnded, TurnLost
from functions.shared.jobs_table import JobError
from tests.unit.conftest import NOW, Desk, arn


def ask(desk: Desk, job_id: str, token: str | None = None, ceiling: int = 1) -> None:
    request_turn(desk.jobs, desk.answers, job_id, arn(job_id), token or job_id, ceiling)


def claim(desk: Desk, job_id: str, **more: object) -> None:
    desk.queue(job_id, **more)
    assert desk.jobs.claim(job_id, arn(job_id), NOW, reopen=False)


def test_a_free_slot_is_given_at_once(desk: Desk) -> None:
    claim(desk, "a")
    ask(desk, "a")
    assert desk.answers.told == {"a": 1}
    desk.jobs.start("a", arn("a"), 1, NOW)
    assert desk.status("a") == "RUNNING"


def test_above_the_ceiling_nobody_is_told(desk: Desk) -> None:
    for job_id in ("a", "b", "c"):
        claim(desk, job_id)
        ask(desk, job_id, ceiling=2)
    assert desk.answers.told == {"a": 1, "b": 1}
    assert desk.jobs.turns.granted() == 2


def test_a_lane_is_served_in_sequence_even_if_its_last_asks_first(desk: Desk) -> None:
    for job_id in ("a", "b"):
        claim(desk, job_id, order_key="k")
    ask(desk, "b", ceiling=5)
    assert desk.answers.told == {}
    ask(desk, "a", ceiling=5)
    assert desk.answers.told == {"a": 1}


def test_priority_orders_lanes_and_never_what_is_inside_one(desk: Desk) -> None:
    desk.run("first")
    claim(desk, "low", order_key="k", priority=-5)
    claim(desk, "high-behind-low", order_key="k", priority=50)
    claim(desk, "middle")
    for job_id in ("low", "high-behind-low", "middle"):
        ask(desk, job_id)
    assert desk.jobs.fail("first", arn("first"), JobError("Any", "So."), NOW)
    desk.grant(1)
    assert list(desk.answers.told) == ["first", "middle"]


@pytest.mark.aws("sfn-token-retry")
def test_a_retry_of_the_state_is_answered_on_its_new_token(desk: Desk) -> None:
    claim(desk, "a")
    desk.answers.dead.add("old")
    ask(desk, "a", "old")
    assert desk.jobs.turns.granted() == 0
    ask(desk, "a", "new")
    assert list(desk.answers.told) == ["new"]
    desk.jobs.start("a", arn("a"), desk.answers.told["new"], NOW)


def test_who_heard_of_a_grant_that_was_taken_back_loses_it(desk: Desk) -> None:
    claim(desk, "a")
    ask(desk, "a")
    turn = desk.turn("a")
    assert desk.jobs.turns.take_back(turn)
    with pytest.raises(TurnLost):
        desk.jobs.start("a", arn("a"), 1, NOW)
    ask(desk, "a", "again")
    desk.jobs.start("a", arn("a"), desk.answers.told["again"], NOW)


def test_a_started_turn_is_not_taken_back(desk: Desk) -> None:
    desk.run("a")
    assert not desk.jobs.turns.take_back(desk.turn("a"))
    desk.jobs.start("a", arn("a"), 1, NOW)  # a retry of the state after it


@pytest.mark.parametrize("end", ["FAILED", "CANCELLED"])
def test_an_ended_job_has_no_turn_to_wait_for(desk: Desk, end: str) -> None:
    claim(desk, "a")
    desk.jobs.fail("a", arn("a"), JobError("Any", "So."), NOW, end=end)  # type: ignore[arg-type]
    with pytest.raises(JobEnded):
        ask(desk, "a")


def test_another_execution_gets_no_turn(desk: Desk) -> None:
    claim(desk, "a")
    with pytest.raises(JobEnded):
        request_turn(desk.jobs, desk.answers, "a", "arn:other", "t", 1)
