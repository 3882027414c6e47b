"""What executions did, read from their histories."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from benchmarks.load.evidence import Trace
from functions.shared.media_store import Keys
from reelwright.direct import DirectClient

_WAIT = "Wait For Turn"


def executions_since(client: DirectClient, began: datetime) -> Iterator[str]:
    """ARNs of the state machine's executions."""
    pages = client.states.get_paginator("list_executions").paginate(
        stateMachineArn=client.outputs["StateMachineArn"]
    )
    for page in pages:
        for execution in page["executions"]:
            if execution["startDate"] >= began:
                yield execution["executionArn"]


def is_any_running(client: DirectClient, began: datetime) -> bool:
    running = client.states.list_executions(
        stateMachineArn=client.outputs["StateMachineArn"], statusFilter="RUNNING"
    )["executions"]
    return any(execution["startDate"] >= began for execution in running)


def published(client: DirectClient, job_id: str) -> list[str]:
    """Keys under the job's out/, each as often as there are versions of it."""
    pages = client.store.s3.get_paginator("list_object_versions").paginate(
        Bucket=client.store.bucket, Prefix=f"{Keys(job_id).root}out/"
    )
    return [version["Key"] for page in pages for version in page.get("Versions", [])]


def trace(client: DirectClient, arn: str) -> Trace:
    """One execution. Its chunks' own are Standard as well, unless a stage makes them short."""
    events = _events(client, arn)
    told = json.loads(events[0]["executionStartedEventDetails"]["input"])
    first = told[0] if isinstance(told, list) and told else told
    entered = [(_name(event), event) for event in events if _name(event)]
    places = [place for place, (name, _) in enumerate(entered) if name == _WAIT]
    after = entered[places[-1] + 1 :] if places else []
    waiting = entered[places[-1]][1] if places else None
    woken = after[0][1]["timestamp"] if after and after[0][0] == "Plan Render" else None
    return Trace(
        arn=arn,
        job_id=first.get("job_id") if isinstance(first, dict) else None,
        transitions=_transitions(events) + _of_children(client, arn),
        waiting_at=waiting["timestamp"] if waiting else None,
        woken_at=woken,
        asking_s=_asking_s(events, waiting["id"]) if waiting else None,
    )


def _of_children(client: DirectClient, arn: str) -> int:
    """Of the executions of its Map Runs: the chunks' own."""
    count = 0
    for page in client.states.get_paginator("list_map_runs").paginate(executionArn=arn):
        for map_run in page["mapRuns"]:
            children = client.states.get_paginator("list_executions").paginate(
                mapRunArn=map_run["mapRunArn"]
            )
            for found in children:
                for child in found["executions"]:
                    count += _transitions(_events(client, child["executionArn"]))
    return count


def _events(client: DirectClient, arn: str) -> list[Any]:
    pages = client.states.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"]]


def _transitions(events: list[Any]) -> int:
    """States entered, and each attempt of a task beyond its state's first."""
    entered = sum(1 for event in events if _name(event))
    tasks = sum(1 for event in events if event["type"] == "TaskStateEntered")
    attempts = sum(1 for event in events if event["type"] == "TaskScheduled")
    return entered + max(0, attempts - tasks)


def _asking_s(events: list[Any], after: int) -> float | None:
    """From the start of the function that asks for the turn to its answer."""
    moments: dict[str, datetime] = {}
    for event in events:
        if event["id"] > after and event["type"] in {"TaskStarted", "TaskSubmitted"}:
            moments.setdefault(event["type"], event["timestamp"])
    if len(moments) < len({"TaskStarted", "TaskSubmitted"}):
        return None
    return (moments["TaskSubmitted"] - moments["TaskStarted"]).total_seconds()


def _name(event: Any) -> str | None:
    """The state that an event says was entered."""
    found: str | None = event.get("stateEnteredEventDetails", {}).get("name")
    return found
