"""The only way into a terminal state, told by the machine, by EventBridge, or by both."""

import json
from datetime import datetime
from typing import Any

import pytest

from functions.claim_job.claim import Claim, claim
from functions.finish_job.ending import Ending
from functions.finish_job.finish import finish as finish_for
from functions.shared.errors import PartMissing
from functions.shared.job import parse_input
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import Keys, MediaStore
from tests.unit.conftest import CEILING, GOOD, NOW, Answers, Desk, arn

ARN = arn("a")
KEYS = Keys("a")


@pytest.fixture
def running(desk: Desk) -> JobsTable:
    desk.run("a")
    return desk.jobs


def finish(ending: Ending, jobs: JobsTable, store: MediaStore, now: datetime) -> dict[str, Any]:
    return finish_for(ending, jobs, store, Answers(), CEILING, now)


def row(jobs: JobsTable, job_id: str = "a") -> dict[str, Any]:
    found = jobs.get(job_id)
    assert found is not None
    return found


def ended(status: str = "FAILED", **more: Any) -> Ending:
    told = {"status": status, "execution_arn": ARN, "execution_name": "run-1", "job_id": "a"}
    return Ending.from_event({**told, **more})


def changed(status: str, **detail: Any) -> Ending:
    """EventBridge's event on an execution's end."""
    return Ending.from_event(
        {
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": ARN,
                "name": "run-1",
                "status": status,
                "input": json.dumps({**GOOD, "job_id": "a"}),
                "error": None,
                "cause": None,
                **detail,
            },
        }
    )


def publish(store: MediaStore) -> None:
    store.write(KEYS.output("video"), b"12345", "video/mp4")
    picture = {"key": KEYS.snapshot("00000-640.jpg"), "size_bytes": 3}
    store.write(picture["key"], b"123", "image/jpeg")
    video = {"key": KEYS.output("video"), "size_bytes": 5}
    store.write_json(KEYS.result, {"outputs": [video], "snapshots": [picture]})


def test_complete_needs_the_result_in_the_store(running: JobsTable, store: MediaStore) -> None:
    with pytest.raises(PartMissing):
        finish(ended("COMPLETE", result_key=KEYS.result), running, store, NOW)
    assert row(running)["status"] == "RUNNING"


def test_complete_needs_every_output_as_it_was_verified(
    running: JobsTable, store: MediaStore
) -> None:
    publish(store)
    store.write(KEYS.output("video"), b"1234", "video/mp4")
    with pytest.raises(PartMissing):
        finish(ended("COMPLETE", result_key=KEYS.result), running, store, NOW)
    assert row(running)["status"] == "RUNNING"


def test_a_published_render_completes_its_job_once(running: JobsTable, store: MediaStore) -> None:
    publish(store)
    ending = ended("COMPLETE", result_key=KEYS.result)
    assert finish(ending, running, store, NOW) == {"job_id": "a", "status": "COMPLETE"}
    before = row(running)
    assert finish(ending, running, store, NOW) == {"job_id": "a", "status": "COMPLETE"}
    assert row(running) == before


def test_a_late_failure_event_does_not_undo_a_complete_job(
    running: JobsTable, store: MediaStore
) -> None:
    publish(store)
    finish(ended("COMPLETE", result_key=KEYS.result), running, store, NOW)
    finish(changed("ABORTED"), running, store, NOW)
    assert row(running)["status"] == "COMPLETE"


def test_a_failure_names_error_state_and_the_exceptions_own_words(
    running: JobsTable, store: MediaStore
) -> None:
    cause = json.dumps({"errorMessage": "The source is a text.", "errorType": "SourceNotMedia"})
    failure = {"state": "Plan Render", "error": "SourceNotMedia", "cause": cause}
    finish(ended(failure=failure), running, store, NOW)
    assert row(running)["status"] == "FAILED"
    assert row(running)["error"] == {
        "name": "SourceNotMedia",
        "message": "The source is a text.",
        "state": "Plan Render",
    }


def test_the_failure_a_chunk_recorded_wins_over_its_maps(
    running: JobsTable, store: MediaStore
) -> None:
    running.dynamodb.update_item(
        TableName="jobs",
        Key={"job_id": {"S": "a"}},
        UpdateExpression="SET failure = :failure",
        ExpressionAttributeValues={
            ":failure": {
                "M": {
                    "state": {"S": "Render Chunk"},
                    "chunk": {"N": "7"},
                    "error": {"S": "ChunkIncomplete"},
                    "cause": {"S": '{"errorMessage": "Chunk 7 has 3 frames of 10."}'},
                }
            }
        },
    )
    failure = {"state": "Render Media", "error": "States.ExceedToleratedFailureThreshold"}
    finish(ended(failure=failure), running, store, NOW)
    assert row(running)["error"] == {
        "name": "ChunkIncomplete",
        "message": "Chunk 7 has 3 frames of 10.",
        "state": "Render Chunk",
        "chunk": 7,
    }


@pytest.mark.parametrize(
    ("status", "name"),
    [("ABORTED", "ExecutionAborted"), ("TIMED_OUT", "ExecutionTimedOut")],
)
def test_the_rule_ends_a_job_whose_execution_could_not(
    running: JobsTable, store: MediaStore, status: str, name: str
) -> None:
    finish(changed(status), running, store, NOW)
    assert (row(running)["status"], row(running)["error"]["name"]) == ("FAILED", name)


def test_the_event_after_the_machines_own_ending_changes_nothing(
    running: JobsTable, store: MediaStore
) -> None:
    finish(ended(failure={"state": "Plan Render", "error": "SourceEmpty"}), running, store, NOW)
    before = row(running)
    finish(changed("FAILED", error="JobFailed", cause="x"), running, store, NOW)
    assert row(running) == before


def test_another_execution_cannot_complete_the_job(running: JobsTable, store: MediaStore) -> None:
    publish(store)
    finish(ended("COMPLETE", result_key=KEYS.result, execution_arn="arn:2"), running, store, NOW)
    assert row(running)["status"] == "RUNNING"


def test_complete_needs_every_picture_as_well(running: JobsTable, store: MediaStore) -> None:
    publish(store)
    store.s3.delete_object(Bucket="media", Key=KEYS.snapshot("00000-640.jpg"))
    with pytest.raises(PartMissing, match="00000-640"):
        finish(ended("COMPLETE", result_key=KEYS.result), running, store, NOW)
    assert row(running)["status"] == "RUNNING"


def test_complete_needs_every_playlist_of_a_stream(running: JobsTable, store: MediaStore) -> None:
    publish(store)
    playlist = {"format": "hls", "key": KEYS.stream("film", "master.m3u8"), "size_bytes": 3}
    result = {**store.read_json(KEYS.result), "streams": [{"playlists": [playlist]}]}
    store.write_json(KEYS.result, result)
    ending = ended("COMPLETE", result_key=KEYS.result)
    with pytest.raises(PartMissing, match=r"film/master\.m3u8"):
        finish(ending, running, store, NOW)
    store.write(playlist["key"], b"123", "text/plain")
    assert finish(ending, running, store, NOW)["status"] == "COMPLETE"


def test_another_execution_cannot_end_the_job(running: JobsTable, store: MediaStore) -> None:
    finish(changed("FAILED", executionArn="arn:other"), running, store, NOW)
    assert row(running)["status"] == "RUNNING"


def test_an_execution_stopped_before_its_claim_ends_its_job(
    jobs: JobsTable, store: MediaStore
) -> None:
    jobs.register("a", parse_input(GOOD), "queue", NOW)
    finish(changed("ABORTED", input=json.dumps([{**GOOD, "job_id": "a"}])), jobs, store, NOW)
    assert row(jobs)["status"] == "FAILED"


@pytest.mark.parametrize(
    "given", [{**GOOD, "job_id": "a"}, [{**GOOD, "job_id": "a", "chunk_s": 5.0}], {"job_id": "a"}]
)
def test_an_execution_that_only_names_a_queued_job_cannot_end_it(
    jobs: JobsTable, store: MediaStore, given: Any
) -> None:
    jobs.register("a", parse_input(GOOD), "queue", NOW)
    finish(changed("ABORTED", input=json.dumps(given)), jobs, store, NOW)
    assert row(jobs)["status"] == "QUEUED"


def test_a_claim_that_comes_after_its_executions_end_finds_the_job_failed(
    jobs: JobsTable, store: MediaStore
) -> None:
    finish(changed("ABORTED"), jobs, store, NOW)
    assert row(jobs)["status"] == "FAILED"
    late = Claim(input={**GOOD, "job_id": "a"}, execution_arn=ARN, execution_name="run-1")
    assert claim(late, jobs, ("media",), NOW) == ("a", False)
    again = late.model_copy(update={"execution_arn": "arn:2", "execution_name": "run-2"})
    assert claim(again, jobs, ("media",), NOW) == ("a", True)


def test_a_direct_start_that_was_refused_is_recorded_as_rejected(
    jobs: JobsTable, store: MediaStore
) -> None:
    failure = {
        "state": "Claim Job",
        "error": "InvalidRequest",
        "cause": '{"errorMessage": "source is missing."}',
    }
    ending = ended(job_id=None, input={"render": {}}, failure=failure)
    assert finish(ending, jobs, store, NOW) == {"job_id": "run-1", "status": "REJECTED"}
    assert row(jobs, "run-1")["error"]["message"] == "source is missing."


def test_a_refused_second_request_leaves_the_first_alone(
    running: JobsTable, store: MediaStore
) -> None:
    failure = {"state": "Claim Job", "error": "JobIdTaken", "cause": ""}
    ending = ended(
        job_id=None, execution_name="run-2", input={**GOOD, "job_id": "a"}, failure=failure
    )
    finish(ending, running, store, NOW)
    assert row(running)["status"] == "RUNNING"
    assert row(running, "run-2")["error"]["name"] == "JobIdTaken"


def test_redrive_of_the_same_execution_may_complete_a_failed_job(
    desk: Desk, running: JobsTable, store: MediaStore
) -> None:
    finish(changed("TIMED_OUT"), running, store, NOW)
    assert running.claim("a", ARN, NOW, reopen=False, redrives=1)
    turn = desk.turn("a")
    running.turns.store_token(turn, "second", ARN)
    desk.grant()
    running.start("a", ARN, desk.answers.told["second"], NOW)
    publish(store)
    finish(ended("COMPLETE", result_key=KEYS.result), running, store, NOW)
    assert row(running)["status"] == "COMPLETE"
    assert "error" not in row(running)


def test_a_failed_job_is_not_completed_by_a_late_state(
    running: JobsTable, store: MediaStore
) -> None:
    finish(changed("TIMED_OUT"), running, store, NOW)
    publish(store)
    finish(ended("COMPLETE", result_key=KEYS.result), running, store, NOW)
    assert row(running)["status"] == "FAILED"


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
