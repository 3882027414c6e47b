"""Walks a JSONata state machine from state to state."""

import datetime
import json
from collections.abc import Callable
from typing import Any

from local.step_functions import waiting
from local.step_functions.frame import Frame, StateError, check_size
from local.step_functions.maps import run_map
from local.step_functions.retries import guarded
from local.step_functions.scope import Scope, run_each
from local.step_functions.tasks import run_task

_Outcome = tuple[Any, str | None]
_UNSUPPORTED_FIELDS = {"Credentials", "ItemBatcher", "Iterator", "ResultWriter"}


def run_states(machine: dict[str, Any], value: Any, frame: Frame) -> Any:
    """The output of a machine, a branch or an item's processor. Raises the error it ends with.

    Begins with the state that waits for a token, if the engine stopped there.
    """
    name: str | None = machine["StartAt"]
    note = waiting.note_of(frame.record)
    if note:
        name, value = note["state"], note["input"]
    while name is not None:
        frame.scope.check()
        state = machine["States"][name]
        kind = state["Type"]
        frame.context["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
        if not note:
            frame.history.add_event(
                f"{kind}StateEntered",
                stateEnteredEventDetails={"name": name, "input": json.dumps(value)},
            )
        note = None
        output, next_name = _KINDS[kind](state, value, frame)
        value = check_size(output, name)
        frame.scope.check()
        frame.history.add_event(
            f"{kind}StateExited",
            stateExitedEventDetails={"name": name, "output": json.dumps(value)},
        )
        name = next_name
    return value


def now_iso() -> str:
    now = datetime.datetime.now(datetime.UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def refusal(definition: str) -> str | None:
    """Why a definition cannot run here; None if it can."""
    try:
        machine = json.loads(definition)
    except json.JSONDecodeError as error:
        return f"INVALID_JSON_DESCRIPTION: {error}"
    if machine.get("QueryLanguage") != "JSONata":
        return "The embedded AWS runs machines whose QueryLanguage is JSONata, on the top level."
    return _first_refusal(machine, "")


def _first_refusal(machine: dict[str, Any], path: str) -> str | None:
    states = machine.get("States", {})
    targets = [("StartAt", machine.get("StartAt"))]
    for name, state in states.items():
        place = f"{path}/States/{name}"
        if state.get("Type") not in _KINDS:
            return f"SCHEMA_VALIDATION_FAILED: unknown Type {state.get('Type')!r} at {place}"
        if state.get("QueryLanguage", "JSONata") != "JSONata":
            return f"The embedded AWS runs JSONata states only; not so at {place}"
        if unsupported := _UNSUPPORTED_FIELDS & state.keys():
            return f"The embedded AWS does not know {', '.join(sorted(unsupported))} at {place}"
        holders = [state, *state.get("Catch", []), *state.get("Choices", [])]
        targets += [(place, holder["Next"]) for holder in holders if "Next" in holder]
        targets += [(place, state["Default"])] if "Default" in state else []
        inner = [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]
        for number, machine_inside in enumerate(inner):
            if found := _first_refusal(machine_inside, f"{place}/{number}"):
                return found
    for place, target in targets:
        if target not in states:
            return f"MISSING_TRANSITION_TARGET: no state {target!r} at {place}"
    return None


def _run_pass(state: dict[str, Any], value: Any, frame: Frame) -> _Outcome:
    return frame.outcome(state, value, value), state.get("Next")


def _run_choice(state: dict[str, Any], value: Any, frame: Frame) -> _Outcome:
    for rule in state["Choices"]:
        chosen = frame.evaluate(rule["Condition"], value)
        if not isinstance(chosen, bool):
            raise StateError("States.QueryEvaluationError", "A Condition must yield a boolean.")
        if chosen:
            return frame.outcome(rule, value, value), rule["Next"]
    if "Default" not in state:
        raise StateError("States.NoChoiceMatched", "No rule matched and there is no Default.")
    return frame.outcome(state, value, value), state["Default"]


def _run_wait(state: dict[str, Any], value: Any, frame: Frame) -> _Outcome:
    if "Seconds" in state:
        seconds = float(frame.evaluate(state["Seconds"], value))
    else:
        moment = datetime.datetime.fromisoformat(frame.evaluate(state["Timestamp"], value))
        seconds = (moment - datetime.datetime.now(datetime.UTC)).total_seconds()
    frame.scope.sleep(seconds)
    return frame.outcome(state, value, value), state.get("Next")


def _run_succeed(state: dict[str, Any], value: Any, frame: Frame) -> _Outcome:
    return frame.outcome(state, value, value), None


def _run_fail(state: dict[str, Any], value: Any, frame: Frame) -> _Outcome:
    name, cause = (frame.evaluate(state.get(part, ""), value) for part in ("Error", "Cause"))
    raise StateError(name, cause)


def _run_parallel(state: dict[str, Any], value: Any, frame: Frame) -> _Outcome:
    branches = state["Branches"]

    def attempt() -> Any:
        branch_input = frame.evaluate(state.get("Arguments", value), value)
        frame.history.add_event("ParallelStateStarted")

        def run_branch(index: int, scope: Scope) -> Any:
            return run_states(branches[index], branch_input, frame.inner(scope))

        try:
            results = run_each(len(branches), len(branches), frame.scope, run_branch)
        except StateError:
            frame.history.add_event("ParallelStateFailed")
            raise
        frame.history.add_event("ParallelStateSucceeded")
        return frame.outcome(state, value, results, result=results)

    return guarded(state, value, frame, attempt)


def _run_map(state: dict[str, Any], value: Any, frame: Frame) -> _Outcome:
    return run_map(state, value, frame, run_states)


_KINDS: dict[str, Callable[[dict[str, Any], Any, Frame], _Outcome]] = {
    "Choice": _run_choice,
    "Fail": _run_fail,
    "Map": _run_map,
    "Parallel": _run_parallel,
    "Pass": _run_pass,
    "Succeed": _run_succeed,
    "Task": run_task,
    "Wait": _run_wait,
}
