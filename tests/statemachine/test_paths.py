"""Every way through the machine, by its own text."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonata import Jsonata

from tests.statemachine.conftest import finishes, grants_at_once
from tests.statemachine.machine import Machine, states, text

REQUEST = {"source": "s3://media/uploads/a.mp4"}
MakeMachine = Callable[..., Machine]


class FfmpegFailed(Exception):  # noqa: N818 - the name the worker's own class has
    pass


class InvalidRequest(Exception):  # noqa: N818
    pass


class TransientError(Exception):
    pass


class TurnLost(Exception):  # noqa: N818
    pass


class RenderTimedOut(Exception):  # noqa: N818
    pass


class JobEnded(Exception):  # noqa: N818
    pass


def raises(error: Exception) -> Callable[[dict[str, Any]], Any]:
    def worker(_: dict[str, Any]) -> Any:
        raise error

    return worker


def plan(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda _: {
        "job_id": "job-1",
        "chunk_count": 2,
        "max_parallel": 2,
        "has_audio": True,
        "snapshot_batches": 3,
        "bucket": "media",
        "chunks_key": "jobs/job-1/chunks.json",
        **changes,
    }


@pytest.mark.parametrize("given", [REQUEST, [REQUEST]], ids=["by hand", "from the pipe"])
def test_a_job_renders_and_is_finished_once(make_machine: MakeMachine, given: Any) -> None:
    machine = make_machine()

    run = machine.run(given)

    workers = machine.workers
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert run.output == {"job_id": "job-1", "status": "COMPLETE"}
    assert workers.to("ClaimJob") == [
        {"input": given, "execution_arn": run.arn, "execution_name": run.name, "redrives": 0}
    ]
    (asked,) = workers.to("RequestTurn")
    assert (asked["job_id"], asked["execution_arn"]) == ("job-1", run.arn)
    assert workers.to("PlanRender") == [{"job_id": "job-1", "execution_arn": run.arn, "epoch": 7}]
    assert sorted(workers.to("RenderChunk"), key=lambda chunk: chunk["index"]) == [
        {
            "job_id": "job-1",
            "execution_arn": run.arn,
            "index": 0,
            "start_frame": 0,
            "end_frame": 48,
        },
        {
            "job_id": "job-1",
            "execution_arn": run.arn,
            "index": 1,
            "start_frame": 48,
            "end_frame": 96,
        },
    ]
    assert workers.to("RenderAudio") == [{"job_id": "job-1", "execution_arn": run.arn}]
    batches = sorted(call["batch"] for call in workers.to("TakeSnapshots"))
    assert batches == [0, 1, 2]
    assert workers.to("FinishJob") == [
        {
            "job_id": "job-1",
            "execution_arn": run.arn,
            "status": "COMPLETE",
            "result_key": "jobs/job-1/result.json",
        }
    ]


def test_a_second_execution_of_a_job_changes_nothing(make_machine: MakeMachine) -> None:
    machine = make_machine(ClaimJob=lambda _: {"job_id": "job-1", "claimed": False})

    run = machine.run(REQUEST)

    assert run.status == "SUCCEEDED"
    assert run.entered == ["Claim Job", "Is It Ours?", "Already Claimed"]
    assert [name for name, _ in machine.workers.calls] == ["ClaimJob"]


@pytest.mark.parametrize(
    ("changes", "never_called"),
    [
        ({"has_audio": False}, {"RenderAudio"}),
        ({"chunk_count": 0, "has_audio": False}, {"RenderChunk", "RenderAudio"}),
        ({"snapshot_batches": 0}, {"TakeSnapshots"}),
    ],
    ids=["no sound", "pictures alone", "no pictures"],
)
def test_what_a_plan_leaves_out_is_not_called(
    make_machine: MakeMachine, changes: dict[str, Any], never_called: set[str]
) -> None:
    machine = make_machine(PlanRender=plan(**changes))

    run = machine.run(REQUEST)

    called = {name for name, _ in machine.workers.calls}
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert {"RenderChunk", "RenderAudio", "TakeSnapshots"} - called == never_called


def test_a_single_batch_of_pictures_is_batch_zero(make_machine: MakeMachine) -> None:
    machine = make_machine(PlanRender=plan(snapshot_batches=1))

    run = machine.run(REQUEST)

    assert machine.workers.to("TakeSnapshots") == [
        {"job_id": "job-1", "execution_arn": run.arn, "batch": 0}
    ]


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


def test_a_job_waits_until_its_token_is_answered(make_machine: MakeMachine) -> None:
    machine = make_machine(RequestTurn=lambda _: None)

    with machine.started(REQUEST) as arn:
        (asked,) = machine.until(lambda: machine.workers.to("RequestTurn"))
        assert machine.workers.to("PlanRender") == []
        grants_at_once(asked)
        run = machine.ended(arn)

    assert run.status == "SUCCEEDED", (run.error, run.cause)


def test_a_turn_that_was_lost_is_asked_for_again(make_machine: MakeMachine) -> None:
    lost = iter([TurnLost("taken back")])

    def start(event: dict[str, Any]) -> Any:
        for error in lost:
            raise error
        return plan()(event)

    machine = make_machine(PlanRender=start)

    run = machine.run(REQUEST)

    assert run.status == "SUCCEEDED", (run.error, run.cause)
    first, second = machine.workers.to("RequestTurn")
    assert first["token"] != second["token"]
    assert run.entered[2:6] == ["Wait For Turn", "Plan Render"] * 2


@pytest.mark.parametrize("function", ["RequestTurn", "PlanRender", "AssembleRender"])
def test_a_job_that_ended_meanwhile_ends_its_execution(
    make_machine: MakeMachine, function: str
) -> None:
    machine = make_machine(**{function: raises(JobEnded("it was cancelled"))})

    run = machine.run(REQUEST)

    assert (run.status, run.error) == ("FAILED", "JobEnded")
    assert len(machine.workers.to(function)) == 1
    assert [call.get("status") for call in machine.workers.to("FinishJob")] == ["FAILED", None]


def test_a_redriven_execution_begins_again_and_once(make_machine: MakeMachine) -> None:
    """The state a redrive runs again is the last one; here it hears at once what it hears then."""
    failures = iter([FfmpegFailed("first"), FfmpegFailed("second")])
    last_words: list[bool] = []

    def start(_: dict[str, Any]) -> Any:
        raise next(failures)

    def finish(event: dict[str, Any]) -> Any:
        if "redriven" in event:
            last_words.append(event["redriven"])
            return finishes({**event, "redriven": len(last_words) == 1})
        return finishes(event)

    machine = make_machine(PlanRender=start, FinishJob=finish)

    run = machine.run([REQUEST])

    assert (run.status, run.error) == ("FAILED", "FfmpegFailed")
    again = [call["input"] for call in machine.workers.to("ClaimJob")]
    assert again == [[REQUEST], [REQUEST]]
    assert run.entered.count("Job Failed") == 2


@pytest.mark.parametrize(
    ("now", "claimed_at", "expected"),
    [(None, 0, False), (0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True)],
)
def test_only_a_redrive_since_the_claim_leads_back(
    now: int | None, claimed_at: int, expected: Any
) -> None:
    """Else an execution that fails once more after its redrive would go round for ever."""
    text_of = states(text())["Job Failed"]["Arguments"]["Payload"]["redriven"]
    expression = Jsonata(text_of.removeprefix("{%").removesuffix("%}"))
    expression.assign("redrives", claimed_at)
    execution = {} if now is None else {"RedriveCount": now}
    expression.assign("states", {"context": {"Execution": execution}})

    assert expression.evaluate(None) is expected
