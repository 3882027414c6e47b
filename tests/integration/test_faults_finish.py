"""The transaction that ends a job is cut off before it, after it, or in between."""

import pytest

from functions.shared.turns_table import lane_of
from reelwright.direct import Job
from tests.integration.changes import assert_freed, behind, kill_workers, reconcile, uncalled
from tests.integration.conftest import Deployed
from tests.integration.faulty_wire import FaultyWire, Outcome, dropped, lost, refused
from tests.integration.jobs import PICTURE
from tests.polling import until

pytestmark = pytest.mark.embedded_only

ENDING = "TransactWriteItems"
UNHEARD = {
    "never arrives": dropped,
    "is done and its reply lost": lost,
    "is done and answered with an error": refused(500, "InternalServerError", though_done=True),
    "is throttled": refused(400, "ThrottlingException"),
}


@pytest.mark.aws("ddb-lost-answer")
@pytest.mark.parametrize("outcome", UNHEARD.values(), ids=UNHEARD)
def test_a_job_whose_last_transaction_meets_a_fault_is_completed_once(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire, outcome: Outcome
) -> None:
    with behind(stack, wire, "FinishJob"):
        fault = wire.on(ENDING, job_id, "COMPLETE", outcome=outcome)
        next_one = two_jobs(stack, clip, job_id, key)
        job = stack.wait(job_id)
        assert stack.execution(job["execution_arn"])["status"] == "SUCCEEDED"
        after_it = stack.wait(next_one)
    assert fault.met == 1
    assert_completed_once(stack, job, after_it)


@pytest.mark.aws("ddb-lost-answer")
def test_a_last_transaction_that_is_never_answered_is_asked_again_in_the_same_call(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire
) -> None:
    """Else two of them would use up the state's attempts, and a published job would fail."""
    with behind(stack, wire, "FinishJob"):
        unanswered = wire.hold(ENDING, job_id, "COMPLETE")
        next_one = two_jobs(stack, clip, job_id, key)
        until(unanswered.is_here, "the job's last transaction", 60)
        job = stack.wait(job_id)
        after_it = stack.wait(next_one)
    arn = job["execution_arn"]
    assert stack.execution(arn)["status"] == "SUCCEEDED"
    history = stack.client.states.get_execution_history(executionArn=arn)["events"]
    assert [event for event in history if event["type"] == "TaskFailed"] == []
    assert_completed_once(stack, job, after_it)


@pytest.mark.parametrize("done", [False, True], ids=["before its transaction", "after it"])
def test_a_job_whose_finish_is_killed_is_completed_once(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire, *, done: bool
) -> None:
    with behind(stack, wire, "FinishJob"):
        held = wire.hold(ENDING, job_id, "COMPLETE", done=done)
        next_one = two_jobs(stack, clip, job_id, key)
        until(held.is_here, "the job's last transaction", 60)
        status = "COMPLETE" if done else "RUNNING"
        assert stack.client.job(job_id)["status"] == status  # type: ignore[index]
        kill_workers(stack, wire, "FinishJob")
        held.drop()
        job = stack.wait(job_id)
        assert stack.execution(job["execution_arn"])["status"] == "SUCCEEDED"
        after_it = stack.wait(next_one)
    assert_completed_once(stack, job, after_it)


def test_a_turn_granted_by_a_finish_that_was_killed_is_told_of_by_the_reconciler(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire
) -> None:
    with behind(stack, wire, "FinishJob"), uncalled(stack, "ReconcileJobs"):
        granting = wire.hold(ENDING, lane_of(key, job_id), ":below", done=True)
        next_one = two_jobs(stack, clip, job_id, key)
        until(granting.is_here, "the next turn to be granted", 60)
        kill_workers(stack, wire, "FinishJob")
        granting.drop()
        job = stack.wait(job_id)
        assert stack.execution(job["execution_arn"])["status"] == "SUCCEEDED"
        waiting = stack.client.job(next_one)
        assert waiting is not None
        assert waiting["status"] == "WAITING"
        (turn,) = (turn for turn in stack.client.jobs.turns.all() if turn.job_id == next_one)
        assert (turn.state, turn.started) == ("GRANTED", False)
        reconcile(stack)
        after_it = stack.wait(next_one)
    assert_completed_once(stack, job, after_it)


def two_jobs(stack: Deployed, clip: str, job_id: str, key: str) -> str:
    """Send the job, and one behind it that is sure to wait; returns the id of that one."""
    request = {"source": clip, **PICTURE, "order_key": key}
    stack.client.submit({**request, "job_id": job_id})
    return stack.client.submit(request)


def assert_completed_once(stack: Deployed, job: Job, after_it: Job) -> None:
    """As they were first seen to be complete, one after the other."""
    assert (job["status"], after_it["status"]) == ("COMPLETE", "COMPLETE")
    assert job["finished_at"] <= after_it["started_at"]
    assert stack.client.job(job["job_id"]) == job
    assert_freed(stack, job["job_id"], after_it["job_id"])
