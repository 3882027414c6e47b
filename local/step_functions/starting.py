"""StartExecution: by the machine's newest definition, a version's, or the one an alias names."""

import json
import re
import uuid
from typing import Any

from local.shims import engine_module, symbol
from local.step_functions import executions
from local.step_functions.frame import MAX_PAYLOAD_BYTES
from local.step_functions.interpreter import now_iso
from local.step_functions.scope import spawn
from local.step_functions.status_events import publish
from local.step_functions.versions import Started, resolve

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def start(request: dict[str, Any]) -> Any:
    """AWS answers the same for the same name and input while the execution runs."""
    engine = engine_module("services.stepfunctions")
    refuse, answer = symbol(engine, "error_response_json"), symbol(engine, "json_response")
    text = request.get("input", "{}")
    if refused := _refused(request, text):
        return refuse(*refused, 400)
    started = resolve(request["stateMachineArn"])
    if started is None:
        message = f"State Machine Does Not Exist: '{request['stateMachineArn']}'"
        return refuse("StateMachineDoesNotExist", message, 400)
    name = request.get("name") or str(uuid.uuid4())
    arn = f"{started.machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    known = symbol(engine, "_executions")
    if (found := known.get(arn)) is not None:
        if found["status"] != "RUNNING" or found["input"] != text:
            return refuse("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'", 400)
    else:
        found = known[arn] = _record(arn, name, text, started)
        publish(found)
        spawn(executions.run, arn)
    return answer({"executionArn": arn, "startDate": found["startDate"]})


def _refused(request: dict[str, Any], text: str) -> tuple[str, str] | None:
    """(error, message) where AWS takes neither the name nor the input."""
    if "name" in request and not _NAME.fullmatch(request["name"]):
        return "InvalidName", f"Invalid Name: '{request['name']}'"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'"
    if len(text.encode()) > MAX_PAYLOAD_BYTES:
        return "ValidationException", "input must be at most 262144 bytes"
    return None


def _record(arn: str, name: str, text: str, started: Started) -> dict[str, Any]:
    """As the engine keeps it, with what the execution runs by (`_…` is told to nobody)."""
    began = now_iso()
    return {
        "executionArn": arn,
        "stateMachineArn": started.machine_arn,
        **started.links,
        "name": name,
        "status": "RUNNING",
        "startDate": began,
        "stopDate": None,
        "input": text,
        "output": None,
        "_definition": started.definition,
        "_role_arn": started.role_arn,
        "events": [
            {
                "id": 1,
                "type": "ExecutionStarted",
                "timestamp": began,
                "executionStartedEventDetails": {
                    "input": text,
                    "roleArn": started.role_arn,
                    **started.links,
                },
            }
        ],
    }
