"""The only way into a terminal state, told by the machine, by EventBridge, or by both."""

import json
from typing import Any

import pytest

from functions.claim_job.claim import Claim, claim
from functions.shared.errors import PartMissing
from functions.shared.job import parse_input
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import MediaStore
from tests.unit.conftest import GOOD, NOW, Desk
from tests.unit.finish_job.endings import ARN, KEYS, changed, ended, finish, publish, row


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


@pytest.mark.aws("eb-repeat")
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
