"""A job that has ended frees its turn, once."""

import pytest

from functions.finish_job.finish import finish as finish_for
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import MediaStore
from tests.unit.conftest import CEILING, NOW, Desk
from tests.unit.finish_job.endings import changed, finish, row


def test_an_ended_job_frees_its_turn_for_the_next_of_its_lane(
    desk: Desk, store: MediaStore
) -> None:
    desk.run("a", order_key="k")
    desk.wait("b", order_key="k")
    assert desk.grant() == 0
    answers = desk.answers

    finish_for(changed("ABORTED"), desk.jobs, store, answers, CEILING, NOW)

    assert answers.told["b"] == 1
    assert [(turn.job_id, turn.state) for turn in desk.jobs.turns.all()] == [("b", "GRANTED")]
    assert desk.jobs.turns.granted() == 1


@pytest.mark.aws("ddb-transaction")
def test_finishing_twice_frees_one_turn(desk: Desk, store: MediaStore) -> None:
    desk.run("a")
    desk.run("b")
    for _ in range(2):
        finish(changed("ABORTED"), desk.jobs, store, NOW)
    assert desk.jobs.turns.granted() == 1


def test_a_job_marked_as_cancelled_ends_so_whatever_its_execution_says(
    running: JobsTable, store: MediaStore
) -> None:
    assert running.request_cancel("a", NOW)
    finish(changed("FAILED", error="JobEnded", cause="x"), running, store, NOW)
    assert row(running)["status"] == "CANCELLED"
