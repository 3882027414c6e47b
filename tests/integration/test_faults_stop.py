"""An execution that is stopped, whichever state it is in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from functions.shared.media_store import Keys
from reelwright.direct import Job
from tests.integration.changes import (
    assert_freed,
    assert_unpublished,
    behind,
    open_uploads,
    published,
    reserved,
)
from tests.integration.conftest import Deployed
from tests.integration.faulty_wire import FaultyWire, Held
from tests.integration.jobs import PICTURE, THREE_CHUNKS
from tests.polling import until
from tests.statemachine.machine import text

pytestmark = pytest.mark.embedded_only


@dataclass(frozen=True)
class Place:
    """A call of a function in the middle of a state's work. `text` may hold the job's id."""

    function: str
    call: str
    text: tuple[str, ...]
    last_word: str = '"message":"ended"'
    """In the line of its log, beside the job's id, that comes after its last call."""

    def hold(self, wire: FaultyWire, job_id: str) -> Held:
        return wire.hold(self.call, *(text.format(job=job_id) for text in self.text))


PLACES = {
    "Claim Job": Place("ClaimJob", "TransactWriteItems", ("{job}", "claimed_at"), 'claimed"'),
    "Wait For Turn": Place("RequestTurn", "UpdateItem", ("{job}",)),
    "Plan Render": Place("PlanRender", "TransactWriteItems", ("{job}", "started_at")),
    "Render Chunk": Place("RenderChunk", "PUT", ("parts/{job}/small/00001",), '"index":1'),
    "Render Audio": Place("RenderAudio", "PUT", ("parts/{job}/audio/",)),
    "Take Snapshots": Place("TakeSnapshots", "PUT", ("parts/{job}/snapshots/",)),
    "Assemble Render": Place("AssembleRender", "POST", ("jobs/{job}/out/", "uploads")),
    "Finish Job": Place("FinishJob", "TransactWriteItems", ("{job}", "COMPLETE")),
    "Finish Failed Job": Place("FinishJob", "TransactWriteItems", ("{job}", "FAILED")),
}
"""By the task; the Map and the Parallel around it are stopped with it."""

BY_ITSELF = {"Job Failed"}
"""Calls nothing that could be held: it has a test of its own."""

NOT_HELD = {
    "Record Chunk Failure": "Step Functions itself writes to the table: no function to hold",
    "Record Audio Failure": "the same",
    "Record Snapshot Failure": "the same",
    "Take Live Snapshots": "needs a stream: stopped in tests/integration/test_live.py",
    "Wait For Stream": "the same",
}


def around(machine: dict[str, Any], outer: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every state in which time passes, last in the row of those it is within."""
    for name, state in machine["States"].items():
        inner = [*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])]
        if state["Type"] in {"Task", "Parallel", "Map", "Wait"}:
            yield (*outer, name)
        for one in inner:
            yield from around(one, (*outer, name))


def test_every_state_is_stopped_in_or_listed_with_a_reason() -> None:
    rows = list(around(text()))
    stopped = {name for row in rows if row[-1] in PLACES for name in row}
    assert stopped | BY_ITSELF | NOT_HELD.keys() == {name for row in rows for name in row}
    assert not stopped & NOT_HELD.keys()


def execution_of(stack: Deployed, job_id: str) -> str:
    """The running execution that was given the job, whether or not it has claimed it."""
    states = stack.client.states
    machine = stack.client.outputs["StateMachineArn"]
    running = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    (found,) = [
        one["executionArn"]
        for one in running
        if job_id in states.describe_execution(executionArn=one["executionArn"])["input"]
    ]
    return found


def states_now(stack: Deployed, arn: str) -> set[str]:
    """The states an execution and its children are in."""
    states = stack.client.states
    arns = [arn]
    for run in states.list_map_runs(executionArn=arn)["mapRuns"]:
        children = states.list_executions(mapRunArn=run["mapRunArn"], statusFilter="RUNNING")
        arns += [child["executionArn"] for child in children["executions"]]
    now: list[str] = []
    for one in arns:
        for event in states.get_execution_history(executionArn=one)["events"]:
            if "stateEnteredEventDetails" in event:
                now.append(event["stateEnteredEventDetails"]["name"])
            elif "stateExitedEventDetails" in event:
                now.remove(event["stateExitedEventDetails"]["name"])
    return set(now)


def has_ended(stack: Deployed, place: Place, job_id: str) -> bool:
    """Whether a function's call for the job is over, by its log."""
    logs: Any = stack.service("logs")
    group = stack.configuration(place.function)["LoggingConfig"]["LogGroup"]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [event["message"] for page in pages for event in page["events"]]
    return any(job_id in line and place.last_word in line for line in lines)


@pytest.mark.parametrize("state", PLACES)
def test_an_execution_stopped_in_a_state_fails_its_job_and_no_other(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire, state: str
) -> None:
    place = PLACES[state]
    source = clip if state != "Finish Failed Job" else clip.replace("clip.mp4", "none.mp4")
    request = {"source": source, **THREE_CHUNKS, **PICTURE, "order_key": key}
    with behind(stack, wire, place.function):
        held = place.hold(wire, job_id)
        stack.client.submit({**request, "job_id": job_id})
        next_one = stack.client.submit({"source": clip, **PICTURE, "order_key": key})
        until(held.is_here, f"{state} to be in the middle of its work", 60)
        arn = execution_of(stack, job_id)
        assert state in states_now(stack, arn)
        stack.client.states.stop_execution(executionArn=arn)
        job = stack.wait(job_id)
        assert not has_ended(stack, place, job_id)
        held.go_on()
        until(
            lambda: has_ended(stack, place, job_id),
            "the function to end after its execution",
            30,
        )
    assert stack.execution(arn)["status"] == "ABORTED"
    assert (job["status"], job["error"]["name"]) == ("FAILED", "ExecutionAborted")
    assert_stays(stack, job)
    if state == "Finish Job":
        assert Keys(job_id).result in published(stack, job_id)
        assert "result_key" not in job
    else:
        assert_unpublished(stack, job_id)
    assert open_uploads(stack, job_id) == 0
    assert stack.wait(next_one)["status"] == "COMPLETE"
    assert_freed(stack, job_id, next_one)


def test_a_job_started_by_hand_and_stopped_before_it_is_registered_stays_failed(
    stack: Deployed, clip: str, job_id: str, wire: FaultyWire
) -> None:
    request = {"source": clip, **PICTURE, "job_id": job_id}
    place = PLACES["Claim Job"]
    with behind(stack, wire, place.function):
        registering = wire.hold("TransactWriteItems", job_id, '"Put"')
        arn = stack.client.start(request)
        until(registering.is_here, "the job to be registered", 60)
        stack.client.states.stop_execution(executionArn=arn)
        job = stack.wait(job_id)
        registering.go_on()
        until(lambda: has_ended(stack, place, job_id), "the function to end", 30)
    assert (job["status"], job["error"]["name"]) == ("FAILED", "ExecutionAborted")
    assert_stays(stack, job)
    assert_freed(stack, job_id)


def assert_stays(stack: Deployed, ended: Job) -> None:
    """As it was when it had ended, but for what it cost, which is added after the end."""
    now = stack.client.job(ended["job_id"])
    assert now is not None
    added = {"cost": now.get("cost"), "cost_usd": now.get("cost_usd")}
    assert {**ended, **added} == {**now, **added}


@pytest.mark.parametrize(
    "place",
    [Place("AssembleRender", "POST", ("jobs/{job}/out/", "uploadId=")), PLACES["Finish Job"]],
    ids=["while its file is published", "before its record says so"],
)
def test_what_was_published_when_its_execution_was_stopped_is_whole_and_used_again(
    stack: Deployed, clip: str, job_id: str, wire: FaultyWire, undisturbed: bytes, place: Place
) -> None:
    request = {"source": clip, **THREE_CHUNKS, "job_id": job_id}
    with behind(stack, wire, place.function):
        held = place.hold(wire, job_id)
        stack.client.submit(request)
        until(held.is_here, "the job to be past cancelling", 60)
        stack.client.states.stop_execution(executionArn=execution_of(stack, job_id))
        assert stack.wait(job_id)["error"]["name"] == "ExecutionAborted"
        held.go_on()
        until(lambda: has_ended(stack, place, job_id), "the function to end", 30)
    assert stack.client.store.read(Keys(job_id).output("small")) == undisturbed
    assert stack.execution(stack.client.start(request))["status"] == "SUCCEEDED"
    job = stack.wait(job_id)
    assert job["attempts"] == 2
    assert stack.made(job) == undisturbed
    # No digest: it was found, not made.
    assert stack.client.result(job)["outputs"][0]["sha256"] is None
    assert_freed(stack, job_id)


def test_an_execution_stopped_when_its_job_has_failed_changes_nothing(
    stack: Deployed, clip: str, job_id: str, wire: FaultyWire
) -> None:
    missing = clip.replace("clip.mp4", "none.mp4")
    with behind(stack, wire, "FinishJob"):
        granting = wire.hold("Scan")
        stack.client.submit({"source": missing, **THREE_CHUNKS, "job_id": job_id})
        until(granting.is_here, "Finish Failed Job to have done its work", 60)
        arn = execution_of(stack, job_id)
        with reserved(stack, "FinishJob", 0):
            granting.go_on()
            until(
                lambda: states_now(stack, arn) == {"Job Failed"},
                "Job Failed to wait for its function",
                30,
            )
            stack.client.states.stop_execution(executionArn=arn)
    job = stack.wait(job_id)
    assert stack.execution(arn)["status"] == "ABORTED"
    assert (job["status"], job["error"]["name"]) == ("FAILED", "SourceUnreachable")
    assert_unpublished(stack, job_id)
    assert_freed(stack, job_id)
