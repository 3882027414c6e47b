"""What events missed is mended; what is in order is left alone."""

from datetime import timedelta

import pytest

from functions.reconcile_jobs.reconcile import MOST_LOOKS, World, in_turn, reconcile
from functions.shared.executions import Look
from functions.shared.turns_table import State, Turn
from tests.unit.conftest import CEILING, NOW, Desk, arn

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def mended(desk: Desk, later: timedelta = MINUTE, ceiling: int = CEILING) -> int:
    world = World(desk.jobs, desk.executions, desk.answers, ceiling, HOUR, DAY)
    return reconcile(world, NOW + later).mended


def test_what_is_in_order_is_left_alone(desk: Desk) -> None:
    desk.queue("queued")
    desk.run("running")
    desk.run("other")
    desk.wait("waiting")
    before = [desk.row(job_id) for job_id in ("queued", "running", "other", "waiting")]
    turns = list(desk.jobs.turns.all())
    assert mended(desk) == 0
    assert [desk.row(row["job_id"]) for row in before] == before
    assert list(desk.jobs.turns.all()) == turns


@pytest.mark.parametrize(
    ("look", "name"),
    [
        (Look("ABORTED"), "ExecutionAborted"),
        (Look("TIMED_OUT"), "ExecutionTimedOut"),
        (Look("FAILED", "PartMissing", "Chunk 3."), "PartMissing"),
        (Look("SUCCEEDED"), "ExecutionFailed"),
        (Look(None), "ExecutionGone"),
    ],
)
def test_a_job_whose_execution_ended_is_ended_and_the_next_goes_on(
    desk: Desk, look: Look, name: str
) -> None:
    desk.run("a", order_key="k")
    desk.wait("b", order_key="k")
    desk.executions.looks[arn("a")] = look
    assert mended(desk) == 2
    assert (desk.status(), desk.row()["error"]["name"]) == ("FAILED", name)
    desk.jobs.start("b", arn("b"), desk.answers.told["b"], NOW)
    assert mended(desk) == 0


def test_a_job_no_execution_came_for_is_failed_after_its_time(desk: Desk) -> None:
    desk.queue("a")
    assert mended(desk, HOUR) == 0
    assert mended(desk, HOUR + MINUTE) == 1
    assert (desk.status(), desk.row()["error"]["name"]) == ("FAILED", "NeverStarted")
    assert list(desk.jobs.turns.all()) == []


def test_a_job_queued_again_has_its_time_again(desk: Desk) -> None:
    desk.queue("a")
    mended(desk, 2 * HOUR)
    assert desk.jobs.queue_again("a", NOW + 2 * HOUR)
    assert mended(desk, 2 * HOUR + MINUTE) == 0
    assert mended(desk, 4 * HOUR) == 1


def test_a_grant_that_was_never_told_is_told(desk: Desk) -> None:
    desk.wait("a")
    assert desk.jobs.turns.grant(desk.turn("a"), CEILING) == "granted"
    mended(desk)
    assert desk.answers.told == {"a": 1}


def test_a_grant_nobody_hears_of_is_taken_back(desk: Desk) -> None:
    desk.wait("a", order_key="k")
    desk.wait("b")
    desk.answers.dead.add("a")
    assert desk.jobs.turns.grant(desk.turn("a"), 1) == "granted"
    mended(desk, ceiling=1)
    assert (desk.turn("a").state, desk.turn("a").tokens) == ("WAITING", ())
    assert desk.answers.told == {"b": 1}


def test_the_pass_a_crash_left_out_is_made(desk: Desk) -> None:
    desk.wait("a")
    assert mended(desk) == 1
    assert desk.answers.told == {"a": 1}


def test_a_raised_ceiling_is_used(desk: Desk) -> None:
    desk.run("a")
    for job_id in "bc":
        desk.wait(job_id)
    assert mended(desk, ceiling=3) == 2
    assert desk.jobs.turns.granted() == 3


def test_a_lowered_ceiling_takes_nothing_back_and_grants_nothing(desk: Desk) -> None:
    desk.run("a")
    desk.run("b")
    desk.wait("c")
    assert mended(desk, ceiling=1) == 0
    assert desk.jobs.turns.granted() == 2


def test_a_cancel_that_crashed_halfway_is_done(desk: Desk) -> None:
    desk.run("a")
    desk.jobs.request_cancel("a", NOW)
    assert mended(desk) == 1
    assert (desk.status(), desk.executions.stopped) == ("CANCELLED", [arn("a")])


def test_a_render_without_end_is_ended_and_waiting_does_not_count(desk: Desk) -> None:
    desk.wait("a")
    desk.grant()
    desk.jobs.start("a", arn("a"), 1, NOW + 10 * DAY)
    assert mended(desk, 11 * DAY) == 0
    assert mended(desk, 11 * DAY + MINUTE) == 1
    assert (desk.status(), desk.row()["error"]["name"]) == ("FAILED", "ExecutionTimedOut")
    assert desk.executions.stopped == [arn("a")]


def turn(number: int, state: State = "WAITING") -> Turn:
    return Turn("job/a", number, f"{number}", state, 0, 0, f"{number:05}")


def test_of_very_many_turns_those_that_hold_a_place_are_seen_each_minute_the_rest_by_and_by() -> (
    None
):
    held = [turn(number, "GRANTED") for number in range(5)]
    others = [turn(number) for number in range(5, 1005)]
    seen: set[str] = set()
    for minute in range(4):
        looked = in_turn([*others, *held], NOW + minute * MINUTE)
        assert looked[:5] == held
        assert len(looked) == len({each.job_id for each in looked}) == MOST_LOOKS + 5
        seen.update(each.job_id for each in looked)
    assert len(seen) == 1005
    assert in_turn(others[:MOST_LOOKS], NOW) == others[:MOST_LOOKS]


def test_a_run_whose_time_is_up_has_granted_what_could_be(desk: Desk) -> None:
    desk.wait("a")
    desk.wait("gone")
    desk.executions.looks[arn("gone")] = Look("ABORTED")
    world = World(desk.jobs, desk.executions, desk.answers, 1, HOUR, DAY, lambda: False)
    assert reconcile(world, NOW + MINUTE).mended == 1
    assert desk.jobs.turns.granted() == 1
    assert desk.status("gone") == "WAITING"
