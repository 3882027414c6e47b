"""A queued, waiting or running job ends as CANCELLED; nothing starts or is published after it."""

import pytest

from functions.cancel_job.cancel import cancel
from functions.shared.errors import CancelRefused, JobEnded, TurnLost
from functions.shared.jobs_table import JobError
from tests.unit.conftest import CEILING, NOW, Desk, arn


def cancelled(desk: Desk, job_id: str = "a") -> dict[str, str]:
    return cancel(desk.jobs, desk.executions, desk.answers, job_id, CEILING, NOW)


def test_a_queued_job_is_ended_and_never_claimed(desk: Desk) -> None:
    desk.queue("a")
    assert cancelled(desk) == {"job_id": "a", "status": "CANCELLED"}
    assert list(desk.jobs.turns.all()) == []
    assert desk.executions.stopped == []
    assert not desk.jobs.claim("a", arn("a"), NOW, reopen=False)


def test_a_waiting_job_is_ended_and_its_execution_stopped(desk: Desk) -> None:
    desk.wait("a", order_key="k")
    desk.wait("b", order_key="k")
    cancelled(desk)
    assert desk.executions.stopped == [arn("a")]
    assert list(desk.answers.told) == ["b"]


def test_a_running_job_frees_its_turn_and_its_workers_start_nothing(desk: Desk) -> None:
    desk.run("a")
    desk.jobs.check_running("a", arn("a"))
    cancelled(desk)
    assert (desk.status(), desk.row()["error"]["name"]) == ("CANCELLED", "JobCancelled")
    assert desk.jobs.turns.granted() == 0
    with pytest.raises(JobEnded):
        desk.jobs.check_running("a", arn("a"))
    assert not desk.jobs.begin_publishing("a", arn("a"))
    assert not desk.jobs.complete("a", arn("a"), "jobs/a/result.json", NOW)


@pytest.mark.aws("sfn-stop")
def test_the_mark_alone_stops_workers_publishing_and_the_start(desk: Desk) -> None:
    """Cancelling may crash right after it; the reconciler does the rest."""
    desk.run("a")
    assert desk.jobs.request_cancel("a", NOW)
    assert desk.status() == "RUNNING"
    with pytest.raises(JobEnded):
        desk.jobs.check_running("a", arn("a"))
    assert not desk.jobs.begin_publishing("a", arn("a"))
    desk.wait("b")
    desk.grant()
    assert desk.jobs.request_cancel("b", NOW)
    with pytest.raises(TurnLost):
        desk.jobs.start("b", arn("b"), desk.answers.told["b"], NOW)


@pytest.mark.parametrize("reopen", [True, False])
def test_an_execution_that_comes_while_a_job_is_cancelled_does_not_get_it(
    desk: Desk, *, reopen: bool
) -> None:
    """Else the mark would be gone with the claim, and the job would render after all."""
    desk.queue("a")
    assert desk.jobs.request_cancel("a", NOW)
    assert not desk.jobs.claim("a", arn("a"), NOW, reopen=reopen)
    assert cancelled(desk)["status"] == "CANCELLED"


def test_cancelling_twice_says_the_same(desk: Desk) -> None:
    desk.run("a")
    assert cancelled(desk) == cancelled(desk)
    assert desk.executions.stopped == [arn("a")]


def test_it_is_too_late_once_publishing_has_begun(desk: Desk) -> None:
    desk.run("a")
    assert desk.jobs.begin_publishing("a", arn("a"))
    assert desk.jobs.begin_publishing("a", arn("a"))  # a retry goes on
    with pytest.raises(CancelRefused, match="too late"):
        cancelled(desk)
    assert desk.jobs.complete("a", arn("a"), "jobs/a/result.json", NOW)
    assert desk.executions.stopped == []


def test_what_has_ended_or_never_was_is_refused(desk: Desk) -> None:
    with pytest.raises(CancelRefused, match="no job 'a'"):
        cancelled(desk)
    desk.run("a")
    desk.jobs.fail("a", arn("a"), JobError("Any", "So."), NOW)
    with pytest.raises(CancelRefused, match="it is FAILED"):
        cancelled(desk)
