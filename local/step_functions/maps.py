"""Map states: inline iterations, and Map Runs whose items are executions of their own."""

import json
import os
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from local.shims import engine_module, symbol
from local.shims.permissions import is_allowed, refusal
from local.step_functions.frame import Frame, StateError
from local.step_functions.map_run import MapRun
from local.step_functions.retries import guarded
from local.step_functions.scope import Scope, run_each

_INLINE_LIMIT = 40
_CHILDREN_PER_CORE = 4
"""AWS runs up to 10,000 children at once. Here they share the machine: more than keep it busy would
each start a function's worker, and hold its memory, for nothing."""
_FEWEST_CHILDREN = 8

RunStates = Callable[[dict[str, Any], Any, Frame], Any]


def run_map(
    state: dict[str, Any], value: Any, frame: Frame, run_states: RunStates
) -> tuple[Any, str | None]:
    """(output, next state's name)."""
    processor = state["ItemProcessor"]
    mode = processor.get("ProcessorConfig", {}).get("Mode", "INLINE")

    def attempt() -> Any:
        items = _items(state, value, frame)
        frame.history.add_event(
            "MapStateStarted", mapStateStartedEventDetails={"length": len(items)}
        )
        limit = int(frame.evaluate(state.get("MaxConcurrency", 0), value))
        try:
            if mode == "DISTRIBUTED":
                results = _run_distributed(state, value, frame, items, limit)
            else:
                results = _run_inline(state, value, frame, items, limit, run_states)
        except StateError:
            frame.history.add_event("MapStateFailed")
            raise
        frame.history.add_event("MapStateSucceeded")
        return frame.outcome(state, value, results, result=results)

    return guarded(state, value, frame, attempt)


def _items(state: dict[str, Any], value: Any, frame: Frame) -> list[Any]:
    if "ItemReader" in state:
        return _read_items(state["ItemReader"], value, frame)
    items = frame.evaluate(state["Items"], value) if "Items" in state else value
    if not isinstance(items, list):
        raise StateError("States.QueryEvaluationError", "Items must yield an array.")
    return items


def _read_items(reader: dict[str, Any], value: Any, frame: Frame) -> list[Any]:
    """The JSON array in an S3 object."""
    config = reader.get("ReaderConfig", {})
    if not reader["Resource"].endswith("s3:getObject") or config.get("InputType") != "JSON":
        raise StateError(
            "States.Runtime", "The embedded AWS reads items from a JSON array in an S3 object only."
        )
    place = frame.evaluate(reader["Arguments"], value)
    role, arn = (
        frame.context["Execution"]["RoleArn"],
        f"arn:aws:s3:::{place['Bucket']}/{place['Key']}",
    )
    if not is_allowed(role, "s3:GetObject", arn):
        raise StateError("States.ItemReaderFailed", refusal(role, "s3:GetObject", arn))
    engine = engine_module("services.stepfunctions")
    try:
        items = json.loads(symbol(engine, "_s3_object_text")(place["Bucket"], place["Key"]))
    except symbol(engine, "_ExecutionError") as error:
        raise StateError("States.ItemReaderFailed", error.cause) from error
    except json.JSONDecodeError as error:
        raise StateError("States.ItemReaderFailed", f"Not JSON: {error}") from error
    if not isinstance(items, list):
        raise StateError(
            "States.ItemReaderFailed", "Attempting to map over non-iterable node: not an array."
        )
    return items[: int(config["MaxItems"])] if "MaxItems" in config else items


def _item_input(state: dict[str, Any], value: Any, frame: Frame, item: Any, index: int) -> Any:
    """What the processor gets for an item; leaves the item in the frame's context."""
    frame.context["Map"] = {"Item": {"Index": index, "Value": item}}
    return frame.evaluate(state["ItemSelector"], value) if "ItemSelector" in state else item


def _run_inline(
    state: dict[str, Any],
    value: Any,
    frame: Frame,
    items: list[Any],
    limit: int,
    run_states: RunStates,
) -> list[Any]:
    name = frame.context["State"]["Name"]

    def run_item(index: int, scope: Scope) -> Any:
        about = {"name": name, "index": index}
        frame.history.add_event("MapIterationStarted", mapIterationStartedEventDetails=about)
        inner = frame.inner(scope)
        try:
            item_input = _item_input(state, value, inner, items[index], index)
            result = run_states(state["ItemProcessor"], item_input, inner)
        except StateError:
            frame.history.add_event("MapIterationFailed", mapIterationFailedEventDetails=about)
            raise
        frame.history.add_event("MapIterationSucceeded", mapIterationSucceededEventDetails=about)
        return result

    return run_each(len(items), limit or _INLINE_LIMIT, frame.scope, run_item)


def width(limit: int, cores: int | None = None) -> int:
    """Children at once where the state allows `limit`, and any number with 0."""
    most = max(_FEWEST_CHILDREN, _CHILDREN_PER_CORE * (cores or os.cpu_count() or 1))
    return min(limit or most, most)


class ChildStarter(Protocol):
    """An execution that can run children for a Map Run."""

    def run_child(
        self, processor: dict[str, Any], child_input: Any, map_run: MapRun, scope: Scope
    ) -> tuple[str, Any]: ...


def _run_distributed(
    state: dict[str, Any], value: Any, frame: Frame, items: list[Any], limit: int
) -> list[Any]:
    """Each item runs as an execution of its own, which knows no variables from outside."""
    parent: ChildStarter = frame.history  # type: ignore[assignment]
    role, machine = frame.context["Execution"]["RoleArn"], frame.context["StateMachine"]["Id"]
    if not is_allowed(role, "states:StartExecution", machine):
        raise StateError("States.Permissions", refusal(role, "states:StartExecution", machine))
    tolerated = (
        int(frame.evaluate(state.get("ToleratedFailureCount", 0), value)),
        float(frame.evaluate(state.get("ToleratedFailurePercentage", 0), value)),
    )
    map_run = MapRun(
        frame.context, state.get("Label") or str(uuid.uuid4()), len(items), limit, tolerated
    )
    frame.history.add_event("MapRunStarted", mapRunStartedEventDetails={"mapRunArn": map_run.arn})

    def run_item(index: int, scope: Scope) -> Any:
        child_input = _item_input(state, value, frame.inner(scope), items[index], index)
        map_run.count_start()
        status, output = parent.run_child(state["ItemProcessor"], child_input, map_run, scope)
        map_run.count_end(status)
        scope.check()
        if map_run.has_failed:
            raise StateError(
                "States.ExceedToleratedFailureThreshold",
                "The specified tolerated failure threshold was exceeded",
            )
        return output

    status = "ABORTED"
    try:
        results = run_each(len(items), width(limit), frame.scope, run_item)
        status = "SUCCEEDED"
    except StateError as error:
        status = "FAILED"
        details = {"error": error.name, "cause": error.cause}
        frame.history.add_event("MapRunFailed", mapRunFailedEventDetails=details)
        raise
    finally:
        map_run.close(status)
    frame.history.add_event("MapRunSucceeded")
    return results
