"""What fails in a state ends the job by name, or is tried again."""

import json
from typing import Any

import pytest

from functions.shared.errors import FfmpegFailed, InvalidRequest, RenderTimedOut, TransientError
from tests.statemachine.workers import REQUEST, MakeMachine, finishes, raises


@pytest.mark.parametrize(
    ("function", "state"),
    [
        ("PlanRender", "Plan Render"),
        ("AssembleRender", "Assemble Render"),
    ],
)
def test_a_failed_step_ends_the_job_under_its_own_name(
    make_machine: MakeMachine, function: str, state: str
) -> None:
    machine = make_machine(**{function: raises(FfmpegFailed("no such filter"))})

    run = machine.run(REQUEST)

    finish, last = machine.workers.to("FinishJob")
    assert last == {"job_id": "job-1", "failure": finish["failure"], "redriven": False}
    assert (run.status, run.error) == ("FAILED", "FfmpegFailed")
    assert json.loads(run.cause or "")["errorMessage"] == "no such filter"
    assert len(machine.workers.to(function)) == 1
    assert (finish["job_id"], finish["status"]) == ("job-1", "FAILED")
    assert (finish["failure"]["state"], finish["failure"]["error"]) == (state, "FfmpegFailed")


@pytest.mark.aws("sfn-map-failure")
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("RenderChunk", {"state": {"S": "Render Chunk"}, "chunk": {"N": "1"}}),
        ("RenderAudio", {"state": {"S": "Render Audio"}}),
        ("TakeSnapshots", {"state": {"S": "Take Snapshots"}}),
    ],
)
def test_a_failed_worker_is_recorded_with_its_own_error(
    make_machine: MakeMachine, function: str, expected: dict[str, Any]
) -> None:
    def worker(event: dict[str, Any]) -> Any:
        if event.get("index", 1) == 1:
            raise FfmpegFailed("frame 70 is missing")

    machine = make_machine(**{function: worker})

    run = machine.run(REQUEST)

    noted = machine.row("job-1")["failure"]["M"]
    finish, _ = machine.workers.to("FinishJob")
    assert run.status == "FAILED"
    assert noted.pop("error") == {"S": "FfmpegFailed"}
    assert json.loads(noted.pop("cause")["S"])["errorMessage"] == "frame 70 is missing"
    assert noted == expected
    assert finish["status"] == "FAILED"
    assert finish["failure"]["state"] == "Render Media"
    assert machine.workers.to("AssembleRender") == []


def test_the_first_recorded_failure_stays(make_machine: MakeMachine) -> None:
    machine = make_machine(RenderAudio=raises(FfmpegFailed("second")))
    first = {"M": {"error": {"S": "first"}}}
    machine.dynamodb.put_item(TableName="jobs", Item={"job_id": {"S": "job-1"}, "failure": first})

    machine.run(REQUEST)

    assert machine.row("job-1")["failure"] == first


def test_a_failure_never_makes_a_row_of_its_own(make_machine: MakeMachine) -> None:
    machine = make_machine(RenderAudio=raises(FfmpegFailed("no decoder")))
    machine.dynamodb.delete_item(TableName="jobs", Key={"job_id": {"S": "job-1"}})

    run = machine.run(REQUEST)

    assert run.error == "FfmpegFailed"
    assert machine.dynamodb.scan(TableName="jobs")["Items"] == []


def test_a_request_that_cannot_run_is_finished_from_its_input(make_machine: MakeMachine) -> None:
    machine = make_machine(ClaimJob=raises(InvalidRequest("'sorce' is not a field")))

    run = machine.run({"sorce": "x"})

    finish, _ = machine.workers.to("FinishJob")
    assert (run.status, run.error) == ("FAILED", "InvalidRequest")
    assert len(machine.workers.to("ClaimJob")) == 1
    assert finish["job_id"] is None
    assert finish["input"] == {"sorce": "x"}
    assert (finish["execution_arn"], finish["execution_name"]) == (run.arn, run.name)
    assert finish["failure"]["state"] == "Claim Job"
    assert finish["failure"]["error"] == "InvalidRequest"


def test_a_job_that_cannot_be_completed_is_failed(make_machine: MakeMachine) -> None:
    def finish(event: dict[str, Any]) -> Any:
        if event.get("status") == "COMPLETE":
            raise FfmpegFailed("the output is not there")
        return finishes(event)

    machine = make_machine(FinishJob=finish)

    run = machine.run(REQUEST)

    told = [call.get("status") for call in machine.workers.to("FinishJob")]
    assert told == ["COMPLETE", "FAILED", None]
    assert (run.status, run.error) == ("FAILED", "FfmpegFailed")


def test_the_execution_fails_even_where_the_record_cannot_be_written(
    make_machine: MakeMachine,
) -> None:
    def finish(event: dict[str, Any]) -> Any:
        if "redriven" in event:
            return finishes(event)
        raise InvalidRequest("second")

    machine = make_machine(PlanRender=raises(FfmpegFailed("first")), FinishJob=finish)

    run = machine.run(REQUEST)

    assert (run.status, run.error) == ("FAILED", "FfmpegFailed")


def test_running_out_of_time_is_tried_again_once(make_machine: MakeMachine) -> None:
    machine = make_machine(PlanRender=raises(RenderTimedOut("600 s were not enough")))

    run = machine.run(REQUEST)

    assert (run.status, run.error) == ("FAILED", "RenderTimedOut")
    assert len(machine.workers.to("PlanRender")) == 2


def test_a_transient_error_is_tried_again(make_machine: MakeMachine) -> None:
    failures = iter([TransientError("connection reset")])

    def worker(_: dict[str, Any]) -> Any:
        for error in failures:
            raise error
        return {"frames": 48}

    machine = make_machine(RenderChunk=worker)

    run = machine.run(REQUEST)

    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert len(machine.workers.to("RenderChunk")) == 3
