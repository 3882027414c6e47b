"""Every way through the machine, by its own text."""

from typing import Any

import pytest
from jsonata import Jsonata

from functions.shared.errors import FfmpegFailed, JobEnded, TurnLost
from tests.polling import until
from tests.statemachine.machine import states, text
from tests.statemachine.workers import REQUEST, MakeMachine, finishes, grants_at_once, plan, raises


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


@pytest.mark.aws("sfn-token")
def test_a_job_waits_until_its_token_is_answered(make_machine: MakeMachine) -> None:
    machine = make_machine(RequestTurn=lambda _: None)

    with machine.started(REQUEST) as arn:
        (asked,) = until(
            lambda: machine.workers.to("RequestTurn") or None, "the turn to be asked for", 30
        )
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


@pytest.mark.aws("sfn-redrive")
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
