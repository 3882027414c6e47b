"""Executions in the engine's store: their start, history, end, and the events that tell of it."""

import datetime
import json
import sys
import threading
import uuid
from typing import Any

from local.home import ACCOUNT, REGION
from local.shims import engine_module, symbol
from local.step_functions import waiting
from local.step_functions.frame import Frame, StateError
from local.step_functions.interpreter import now_iso, run_states
from local.step_functions.map_run import MapRun
from local.step_functions.scope import NEVER_S, DeadlinePassedError, Scope, StoppedError
from local.step_functions.status_events import publish
from local.step_functions.versions import definition_of

_EXPRESS_TIMEOUT_S = 300.0
_ENDINGS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}
_lock = threading.Lock()
_live: "dict[str, Execution]" = {}


class Execution:
    """A record of the engine's store while it is run. Its first ending is its only one."""

    def __init__(self, record: dict[str, Any], scope: Scope, *, is_child: bool = False) -> None:
        self.record = record
        self.scope = scope
        self._is_child = is_child
        self._lock = threading.Lock()

    def add_event(self, event_type: str, **details: Any) -> None:
        """Write to the history, unless the execution has ended."""
        with self._lock:
            if self.record["status"] == "RUNNING":
                self._append_event(event_type, details)

    def close(
        self, status: str, *, output: Any = None, error: str | None = None, cause: str | None = None
    ) -> bool:
        """End with this status. False if it had ended before."""
        result = {"output": json.dumps(output)} if status == "SUCCEEDED" else {}
        reason = {k: v for k, v in (("error", error), ("cause", cause)) if v is not None}
        ending = _ENDINGS[status]
        with self._lock:
            if self.record["status"] != "RUNNING":
                return False
            details_name = f"{ending[0].lower()}{ending[1:]}EventDetails"
            self._append_event(ending, {details_name: result | reason})
            self.record |= {"status": status, "stopDate": now_iso(), **result, **reason}
            self.record.pop("_definition", None)
        self.scope.stop()
        if not self._is_child:
            publish(self.record)
        return True

    def run(self, machine: dict[str, Any], role_arn: str) -> None:
        """Run to the end. Returns when nothing of it runs any more but calls that were stopped."""
        machine_arn = self.record["stateMachineArn"]
        value = json.loads(self.record["input"])
        context = {
            "Execution": {
                "Id": self.record["executionArn"],
                "Input": value,
                "Name": self.record["name"],
                "RoleArn": role_arn,
                "StartTime": self.record["startDate"],
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": machine_arn, "Name": machine_arn.rpartition(":")[2]},
        }
        try:
            self.scope.check()
            output = run_states(machine, value, self._main_line(context))
        except StoppedError:
            self.close("ABORTED")
        except DeadlinePassedError:
            self.close("TIMED_OUT")
        except StateError as error:
            self.close("FAILED", error=error.name, cause=error.cause)
        else:
            self.close("SUCCEEDED", output=output)
        finally:
            # Whatever else broke it off goes to the log; the execution must not seem to run on.
            self.close("FAILED", error="States.Runtime", cause=repr(sys.exception()))

    def _main_line(self, context: dict[str, Any]) -> Frame:
        """A child notes nothing in its record: without its parent it could not go on."""
        note = waiting.note_of(self.record) or {"variables": {}}
        record = None if self._is_child else self.record
        return Frame(self, self.scope, context, note["variables"], record)

    def run_child(
        self, processor: dict[str, Any], child_input: Any, map_run: MapRun, scope: Scope
    ) -> tuple[str, Any]:
        """(status, output) of an execution of its own for one item of a Map Run."""
        is_express = processor["ProcessorConfig"].get("ExecutionType") == "EXPRESS"
        name = str(uuid.uuid4())
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{map_run.path}:{name}"
        record: dict[str, Any] = {
            "executionArn": arn,
            "stateMachineArn": map_run.machine_arn,
            "mapRunArn": map_run.arn,
            "name": name,
            "status": "RUNNING",
            "startDate": now_iso(),
            "stopDate": None,
            "input": json.dumps(child_input),
            "output": None,
            "events": [],
        }
        child_scope = Scope(scope, _EXPRESS_TIMEOUT_S if is_express else NEVER_S)
        child = Execution(record, child_scope, is_child=True)
        child.add_event("ExecutionStarted", executionStartedEventDetails={"input": record["input"]})
        engine = engine_module("services.stepfunctions")
        symbol(engine, "_executions")[arn] = record
        with _lock:
            _live[arn] = child
        try:
            child.run(processor, map_run.role_arn)
        finally:
            with _lock:
                del _live[arn]
        output = json.loads(record["output"]) if record["output"] else None
        return str(record["status"]), output

    def _append_event(self, event_type: str, details: dict[str, Any]) -> None:
        events = self.record["events"]
        events.append(
            {
                "id": len(events) + 1,
                "previousEventId": len(events),
                "type": event_type,
                "timestamp": now_iso(),
                **details,
            }
        )


def run(arn: str) -> None:
    """Run a started execution in the calling thread."""
    engine = engine_module("services.stepfunctions")
    record = symbol(engine, "_executions")[arn]
    execution = live(record)
    try:
        execution.run(*definition_of(record))
    finally:
        with _lock:
            del _live[arn]


def live(record: dict[str, Any]) -> Execution:
    """The execution of a running record; the same one for whoever asks first, runner or stopper."""
    with _lock:
        if (found := _live.get(record["executionArn"])) is None:
            timeout_s = definition_of(record)[0].get("TimeoutSeconds", NEVER_S)
            # Not all of it where the engine was started again meanwhile.
            age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(
                record["startDate"]
            )
            found = Execution(record, Scope(timeout_s=float(timeout_s) - age.total_seconds()))
            _live[record["executionArn"]] = found
        return found
