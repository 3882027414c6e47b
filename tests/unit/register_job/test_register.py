"""The pipe's enrichment: what is started, what is refused, what a repeat does."""

import json
from typing import Any

import pytest

from functions.register_job.register import register
from functions.shared.jobs_table import NEVER_STARTED, JobError, JobsTable
from tests.unit.conftest import GOOD, NOW

READABLE = ("media",)


def message(body: Any, message_id: str = "m-1") -> dict[str, Any]:
    return {"messageId": message_id, "body": body if isinstance(body, str) else json.dumps(body)}


def test_a_message_becomes_a_queued_job_named_by_its_message_id(jobs: JobsTable) -> None:
    started = register(message(GOOD), jobs, READABLE, NOW)
    assert started == {**GOOD, "job_id": "m-1"}
    row = jobs.get("m-1")
    assert row is not None
    assert (row["status"], row["door"], row["created_at"]) == (
        "QUEUED",
        "queue",
        "2026-11-21T12:00:00.000Z",
    )


def test_the_senders_own_id_is_kept(jobs: JobsTable) -> None:
    started = register(message({**GOOD, "job_id": "mine"}), jobs, READABLE, NOW)
    assert started is not None
    assert started["job_id"] == "mine"


def test_a_repeat_before_the_claim_is_started_again(jobs: JobsTable) -> None:
    """The first StartExecution may have failed: the message came back because of it."""
    first = register(message(GOOD), jobs, READABLE, NOW)
    assert register(message(GOOD), jobs, READABLE, NOW) == first


@pytest.mark.aws("sqs-redelivery")
def test_a_repeat_after_the_claim_starts_nothing(jobs: JobsTable) -> None:
    register(message(GOOD), jobs, READABLE, NOW)
    jobs.claim("m-1", "arn:1", NOW, reopen=False)
    assert register(message(GOOD), jobs, READABLE, NOW) is None


def test_another_request_under_a_taken_id_is_rejected_and_the_first_unharmed(
    jobs: JobsTable,
) -> None:
    register(message({**GOOD, "job_id": "mine"}), jobs, READABLE, NOW)
    other = {**GOOD, "job_id": "mine", "chunk_s": 5.0}
    assert register(message(other, "m-2"), jobs, READABLE, NOW) is None
    first, second = jobs.get("mine"), jobs.get("m-2")
    assert first is not None
    assert second is not None
    assert first["status"] == "QUEUED"
    assert second["status"] == "REJECTED"
    assert second["error"]["name"] == "JobIdTaken"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (" ", "InvalidRequest"),
        ("not json", "InvalidRequest"),
        ({**GOOD, "sorce": 1}, "InvalidRequest"),
        ({**GOOD, "source": "file:///etc/passwd"}, "InvalidRequest"),
        ({**GOOD, "source": "s3://somebody-elses/key"}, "SourceNotAllowed"),
    ],
)
def test_what_can_never_run_is_recorded_as_rejected_and_not_started(
    jobs: JobsTable, body: Any, error: str
) -> None:
    assert register(message(body), jobs, READABLE, NOW) is None
    row = jobs.get("m-1")
    assert row is not None
    assert row["status"] == "REJECTED"
    assert row["error"]["name"] == error
    assert row["error"]["message"].endswith(".")


def test_a_refusal_is_kept_under_the_id_its_sender_looks_for(jobs: JobsTable) -> None:
    register(message({**GOOD, "job_id": "mine", "sorce": 1}), jobs, READABLE, NOW)
    register(message({**GOOD, "job_id": "mine", "sorce": 1}), jobs, READABLE, NOW)
    found = jobs.get("mine")
    assert found is not None
    assert found["status"] == "REJECTED"
    assert jobs.get("m-1") is None


@pytest.mark.parametrize("job_id", ["a/b", "-a", "a.b", "x" * 81, 7, None])
def test_a_refusal_under_an_impossible_id_is_kept_under_the_messages(
    jobs: JobsTable, job_id: Any
) -> None:
    register(message({**GOOD, "job_id": job_id, "sorce": 1}), jobs, READABLE, NOW)
    assert jobs.get("m-1") is not None


def test_a_rejected_message_that_comes_again_stays_rejected(jobs: JobsTable) -> None:
    register(message("x"), jobs, READABLE, NOW)
    before = jobs.get("m-1")
    assert register(message("x"), jobs, READABLE, NOW) is None
    assert jobs.get("m-1") == before


def test_a_huge_refused_body_is_kept_in_part(jobs: JobsTable) -> None:
    register(message("x" * 900_000), jobs, READABLE, NOW)
    row = jobs.get("m-1")
    assert row is not None
    assert len(row["request"]) < 5000


@pytest.mark.aws("sqs-order")
def test_messages_of_a_lane_are_numbered_in_their_order(jobs: JobsTable) -> None:
    for number in (1, 2, 3):
        register(message({**GOOD, "order_key": "k"}, f"m-{number}"), jobs, READABLE, NOW)
        register(message({**GOOD, "order_key": "k"}, "m-1"), jobs, READABLE, NOW)
    turns = {turn.job_id: (turn.lane, turn.sequence) for turn in jobs.turns.all()}
    assert turns == {"m-1": ("key/k", 1), "m-2": ("key/k", 2), "m-3": ("key/k", 3)}


def test_a_job_that_was_never_started_is_queued_again_with_a_new_turn(jobs: JobsTable) -> None:
    sent = message({**GOOD, "order_key": "k"})
    first = register(sent, jobs, READABLE, NOW)
    assert jobs.fail("m-1", None, NEVER_STARTED, NOW)
    assert register(sent, jobs, READABLE, NOW) == first
    row = jobs.get("m-1")
    assert row is not None
    assert (row["status"], row["sequence"], "error" in row) == ("QUEUED", 2, False)
    assert [turn.sequence for turn in jobs.turns.all()] == [2]
    assert jobs.claim("m-1", "arn:1", NOW, reopen=False)


@pytest.mark.parametrize(
    ("arn", "error"), [("arn:1", NEVER_STARTED), (None, JobError("Other", "So."))]
)
def test_no_other_failed_job_is_started_again_by_its_message(
    jobs: JobsTable, arn: str | None, error: JobError
) -> None:
    register(message(GOOD), jobs, READABLE, NOW)
    assert jobs.fail("m-1", arn, error, NOW)
    before = jobs.get("m-1")
    assert register(message(GOOD), jobs, READABLE, NOW) is None
    assert jobs.get("m-1") == before
