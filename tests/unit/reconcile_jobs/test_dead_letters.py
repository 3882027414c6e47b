"""The jobs of dead letters end as NeverStarted; the letters stay where they are."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.reconcile_jobs.dead_letters import DeadLetters, end_unstarted
from functions.shared.jobs_table import JobError
from tests.unit.conftest import GOOD, NOW, Desk, arn

READABLE = ("media",)
HOUR = timedelta(hours=1)


@pytest.fixture
def letters(aws: None) -> DeadLetters:  # noqa: ARG001 - made inside it
    sqs = boto3.client("sqs")
    made = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})
    return DeadLetters(sqs, made["QueueUrl"], 30)


def put(letters: DeadLetters, body: Any, group: str = "g") -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    return letters.sqs.send_message(
        QueueUrl=letters.url,
        MessageBody=text,
        MessageGroupId=group,
        MessageDeduplicationId=f"{group}-{text}",
    )["MessageId"]


def visible(letters: DeadLetters) -> int:
    name = "ApproximateNumberOfMessages"
    told = letters.sqs.get_queue_attributes(QueueUrl=letters.url, AttributeNames=[name])
    return int(told["Attributes"][name])


def ended(letters: DeadLetters, desk: Desk, later: timedelta = HOUR) -> int:
    return end_unstarted(letters, desk.jobs, READABLE, NOW + later)


def test_a_queued_job_with_a_dead_letter_is_failed_and_the_letter_stays(
    letters: DeadLetters, desk: Desk
) -> None:
    desk.queue("a")
    put(letters, {**GOOD, "job_id": "a"})
    assert ended(letters, desk) == 1
    assert (desk.status(), desk.row()["error"]["name"]) == ("FAILED", "NeverStarted")
    assert list(desk.jobs.turns.all()) == []
    assert visible(letters) == 1
    assert ended(letters, desk) == 0


def test_a_letter_whose_registration_failed_gets_its_row(letters: DeadLetters, desk: Desk) -> None:
    message_id = put(letters, GOOD)
    assert ended(letters, desk) == 1
    assert desk.row(message_id)["error"]["name"] == "NeverStarted"


def test_a_letter_that_could_never_run_is_rejected(letters: DeadLetters, desk: Desk) -> None:
    message_id = put(letters, "not JSON")
    assert ended(letters, desk) == 0
    assert desk.status(message_id) == "REJECTED"


def test_a_job_that_did_start_is_left_alone(letters: DeadLetters, desk: Desk) -> None:
    desk.run("a")
    desk.run("b")
    desk.jobs.fail("b", arn("b"), JobError("PartMissing", "So."), NOW)
    for job_id in ("a", "b"):
        put(letters, {**GOOD, "job_id": job_id}, job_id)
    assert ended(letters, desk) == 0
    assert (desk.status("a"), desk.row("b")["error"]["name"]) == ("RUNNING", "PartMissing")


def test_a_job_just_queued_again_is_given_time_to_start(letters: DeadLetters, desk: Desk) -> None:
    """Its message was sent again by a copy, and the letter is still there."""
    put(letters, {**GOOD, "job_id": "a"})
    ended(letters, desk)
    assert desk.jobs.queue_again("a", NOW + HOUR)
    assert ended(letters, desk, HOUR + timedelta(minutes=4)) == 0
    assert ended(letters, desk, HOUR + timedelta(minutes=6)) == 1


def test_many_letters_are_all_looked_at_and_put_back(letters: DeadLetters, desk: Desk) -> None:
    for number in range(25):
        put(letters, {**GOOD, "job_id": f"job-{number}"}, f"group-{number}")
    assert ended(letters, desk) == 25
    assert visible(letters) == 25


def test_letters_are_put_back_even_if_they_can_not_be_judged(letters: DeadLetters) -> None:
    put(letters, GOOD)

    def judge() -> None:
        with letters.held() as found:
            assert visible(letters) == 0
            raise KeyError(found[0].body)

    with pytest.raises(KeyError, match="uploads"):
        judge()
    assert visible(letters) == 1
