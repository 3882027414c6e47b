"""The way of a job for a live stream: looks at it, and waits between them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.shared.errors import StreamNotUp, TransientError
from tests.statemachine.workers import OVER, REQUEST, MakeMachine, plan, raises

LIVE = plan(is_live=True, chunk_count=0, has_audio=False, snapshot_batches=0)
BEGINNING = ["Claim Job", "Is It Ours?", "Wait For Turn", "Plan Render", "Is It Live?"]
LOOK = ["Take Live Snapshots", "Is The Stream Over?"]


def again(index: int, in_s: int = -1) -> dict[str, Any]:
    """What a look answers that is not the last."""
    moment = datetime.now(UTC) + timedelta(seconds=in_s)
    at = moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    return {"watch": {"next_index": index}, "over": False, "again_at": at}


def test_it_is_looked_at_until_it_is_over_and_then_published(make_machine: MakeMachine) -> None:
    answers = iter([again(1), again(2), OVER])
    machine = make_machine(PlanRender=LIVE, TakeLiveSnapshots=lambda _: next(answers))

    run = machine.run(REQUEST)

    workers = machine.workers
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    waits = [*LOOK, "Wait For Stream"]
    assert run.entered == [*BEGINNING, *waits, *waits, *LOOK, "Assemble Render", "Finish Job"]
    looks = workers.to("TakeLiveSnapshots")
    assert [look["watch"] for look in looks] == [None, {"next_index": 1}, {"next_index": 2}]
    assert {(look["job_id"], look["execution_arn"]) for look in looks} == {("job-1", run.arn)}
    assert not {"RenderChunk", "RenderAudio", "TakeSnapshots"} & {name for name, _ in workers.calls}


def test_it_waits_until_the_moment_it_was_told(make_machine: MakeMachine) -> None:
    called: list[datetime] = []

    def look(_: dict[str, Any]) -> Any:
        called.append(datetime.now(UTC))
        return OVER if len(called) > 1 else again(1, in_s=3)

    machine = make_machine(PlanRender=LIVE, TakeLiveSnapshots=look)

    run = machine.run(REQUEST)

    assert run.status == "SUCCEEDED", (run.error, run.cause)
    first, second = called
    assert second - first > timedelta(seconds=1)


def test_a_look_that_fails_goes_on_where_it_was(make_machine: MakeMachine) -> None:
    answers = iter([again(1), TransientError("connection reset"), OVER])

    def look(_: dict[str, Any]) -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    machine = make_machine(PlanRender=LIVE, TakeLiveSnapshots=look)

    run = machine.run(REQUEST)

    looks = machine.workers.to("TakeLiveSnapshots")
    assert run.status == "SUCCEEDED", (run.error, run.cause)
    assert [look["watch"] for look in looks] == [None, {"next_index": 1}, {"next_index": 1}]


@pytest.mark.parametrize("given", [REQUEST, [REQUEST]], ids=["by hand", "from the pipe"])
def test_a_stream_without_a_picture_fails_its_job_by_name(
    make_machine: MakeMachine, given: Any
) -> None:
    not_up = raises(StreamNotUp("It was waited for 5 s."))
    machine = make_machine(PlanRender=LIVE, TakeLiveSnapshots=not_up)

    run = machine.run(given)

    finish, _ = machine.workers.to("FinishJob")
    assert (run.status, run.error) == ("FAILED", "StreamNotUp")
    assert (finish["status"], finish["failure"]["state"]) == ("FAILED", "Take Live Snapshots")
    assert len(machine.workers.to("TakeLiveSnapshots")) == 1
    assert machine.workers.to("AssembleRender") == []
