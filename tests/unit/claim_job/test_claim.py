"""One execution has a job; a second one ends without effect."""

from typing import Any

import pytest

from functions.claim_job.claim import Claim, claim
from functions.shared.errors import InvalidRequest, JobIdTaken, SourceNotAllowed
from functions.shared.jobs_table import JobError, JobsTable
from tests.unit.conftest import GOOD, NOW, Desk, arn

READABLE = ("media",)


def start(jobs: JobsTable, given: Any, name: str = "run-1", redrives: int = 0) -> tuple[str, bool]:
    event = Claim(input=given, execution_arn=f"arn:{name}", execution_name=name, redrives=redrives)
    return claim(event, jobs, READABLE, NOW)


def status(jobs: JobsTable, job_id: str) -> str:
    row = jobs.get(job_id)
    assert row is not None
    return str(row["status"])


def test_a_direct_start_registers_and_claims_under_the_executions_name(jobs: JobsTable) -> None:
    assert start(jobs, GOOD) == ("run-1", True)
    assert status(jobs, "run-1") == "WAITING"


@pytest.mark.aws("pipe-array")
def test_the_pipes_array_is_taken_too(jobs: JobsTable) -> None:
    assert start(jobs, [{**GOOD, "job_id": "a"}]) == ("a", True)


def test_a_retried_claim_of_the_same_execution_succeeds(jobs: JobsTable) -> None:
    start(jobs, GOOD)
    assert start(jobs, GOOD) == ("run-1", True)


def test_a_second_execution_gets_nothing(jobs: JobsTable) -> None:
    start(jobs, {**GOOD, "job_id": "a"}, "run-1")
    assert start(jobs, {**GOOD, "job_id": "a"}, "run-2") == ("a", False)
    row = jobs.get("a")
    assert row is not None
    assert row["execution_arn"] == "arn:run-1"


def test_a_failed_job_started_directly_is_opened_again(jobs: JobsTable) -> None:
    start(jobs, {**GOOD, "job_id": "a"}, "run-1")
    jobs.fail("a", "arn:run-1", JobError("PartMissing", "Gone."), NOW)
    assert start(jobs, {**GOOD, "job_id": "a"}, "run-2") == ("a", True)
    row = jobs.get("a")
    assert row is not None
    assert (row["status"], row["attempts"], "error" in row) == ("WAITING", 2, False)


@pytest.mark.aws("sfn-redrive")
def test_a_redriven_execution_takes_its_failed_job_again_with_a_new_turn(jobs: JobsTable) -> None:
    given = [{**GOOD, "job_id": "a", "order_key": "k"}]
    start(jobs, given, "run-1")
    before = jobs.get("a")
    jobs.fail("a", "arn:run-1", JobError("PartMissing", "Gone."), NOW)
    assert start(jobs, given, "run-1") == ("a", False), "a claim that comes late"
    assert start(jobs, given, "run-1", redrives=1) == ("a", True)
    after = jobs.get("a")
    assert before is not None
    assert after is not None
    assert (before["sequence"], after["sequence"]) == (1, 2)
    assert [turn.sequence for turn in jobs.turns.all()] == [2]


def test_a_cancelled_job_is_not_claimed(jobs: JobsTable) -> None:
    start(jobs, {**GOOD, "job_id": "a"}, "run-1")
    jobs.fail("a", "arn:run-1", JobError("JobCancelled", "So."), NOW, end="CANCELLED")
    assert start(jobs, {**GOOD, "job_id": "a"}, "run-1") == ("a", False)
    assert start(jobs, {**GOOD, "job_id": "a"}, "run-2") == ("a", False)


def test_a_repeated_message_does_not_open_a_failed_job_again(jobs: JobsTable) -> None:
    start(jobs, [{**GOOD, "job_id": "a"}], "run-1")
    jobs.fail("a", "arn:run-1", JobError("PartMissing", "Gone."), NOW)
    assert start(jobs, [{**GOOD, "job_id": "a"}], "run-2") == ("a", False)
    assert status(jobs, "a") == "FAILED"


def test_a_complete_job_is_never_taken_again(jobs: JobsTable) -> None:
    Desk(jobs).run("a")
    assert jobs.complete("a", arn("a"), "jobs/a/result.json", NOW)
    assert start(jobs, {**GOOD, "job_id": "a"}, "run-2") == ("a", False)
    assert status(jobs, "a") == "COMPLETE"


def test_another_request_under_the_same_id_is_refused(jobs: JobsTable) -> None:
    start(jobs, {**GOOD, "job_id": "a"})
    with pytest.raises(JobIdTaken, match="'a' belongs to another request"):
        start(jobs, {**GOOD, "job_id": "a", "priority": 1}, "run-2")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, InvalidRequest),
        ([], InvalidRequest),
        ([GOOD, GOOD], InvalidRequest),
        (None, InvalidRequest),
        ({**GOOD, "source": "s3://elsewhere/key"}, SourceNotAllowed),
    ],
)
def test_a_direct_start_with_a_bad_request_is_refused(
    jobs: JobsTable, given: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        start(jobs, given)
