"""Task states: functions, a few AWS services, and waiting for a task token."""

import asyncio
import json
import time
from typing import Any

from local.home import ACCOUNT, REGION
from local.shims import engine_module, symbol
from local.shims.permissions import is_allowed, refusal
from local.step_functions import tokens, waiting
from local.step_functions.frame import Frame, StateError, check_size
from local.step_functions.retries import guarded
from local.step_functions.scope import NEVER_S, NotInTimeError, spawn

_PREFIX = "arn:aws:states:::"
_WAIT = ".waitForTaskToken"
_SERVICES = (
    "dynamodb:deleteItem",
    "dynamodb:getItem",
    "dynamodb:putItem",
    "dynamodb:updateItem",
    "events:putEvents",
    "sns:publish",
    "sqs:sendMessage",
)


def run_task(state: dict[str, Any], value: Any, frame: Frame) -> tuple[Any, str | None]:
    resource = state["Resource"].removeprefix(_PREFIX)
    action = resource.removesuffix(_WAIT)
    about = {"resourceType": action.rpartition(":")[0], "resource": resource.rpartition(":")[2]}

    def attempt() -> Any:
        try:
            if note := waiting.note_of(frame.record):
                result = check_size(waiting.wait_on(note, frame), note["state"])
            else:
                result = _attempt(state, value, frame, resource, about)
        except StateError as error:
            timed_out = error.name in ("States.Timeout", "States.HeartbeatTimeout")
            details = {**about, "error": error.name, "cause": error.cause}
            if timed_out:
                frame.history.add_event("TaskTimedOut", taskTimedOutEventDetails=details)
            else:
                frame.history.add_event("TaskFailed", taskFailedEventDetails=details)
            raise
        frame.history.add_event(
            "TaskSucceeded", taskSucceededEventDetails={**about, "output": json.dumps(result)}
        )
        return frame.outcome(state, value, result, result=result)

    return guarded(state, value, frame, attempt)


def _attempt(
    state: dict[str, Any], value: Any, frame: Frame, resource: str, about: dict[str, str]
) -> Any:
    """One call of the task, within its time. The token, if it has one, is new each time."""
    callback = None
    frame.context.pop("Task", None)
    if resource.endswith(_WAIT):
        callback = tokens.new(frame.context["StateMachine"]["Id"])
        frame.context["Task"] = {"Token": callback.token}
    try:
        arguments = frame.evaluate(state.get("Arguments", value), value)
        timeout_s = _seconds(state, "TimeoutSeconds", value, frame)
        heartbeat_s = _seconds(state, "HeartbeatSeconds", value, frame)
        scheduled = {**about, "region": REGION, "parameters": json.dumps(arguments)}
        frame.history.add_event("TaskScheduled", taskScheduledEventDetails=scheduled)
        frame.scope.check()
        deadline = time.monotonic() + timeout_s
        frame.history.add_event("TaskStarted", taskStartedEventDetails=about)
        try:
            role = frame.context["Execution"]["RoleArn"]
            call = spawn(_call, resource.removesuffix(_WAIT), arguments, role)
            result = frame.scope.result(call, timeout_s)
        except NotInTimeError:
            raise StateError("States.Timeout") from None
        if callback:
            frame.history.add_event(
                "TaskSubmitted",
                taskSubmittedEventDetails={**about, "output": json.dumps(result)},
            )
            result = waiting.wait(callback, frame, value, deadline, heartbeat_s)
        return check_size(result, frame.context["State"]["Name"])
    finally:
        if callback:
            callback.close()


def _seconds(state: dict[str, Any], name: str, value: Any, frame: Frame) -> float:
    return float(frame.evaluate(state[name], value)) if name in state else NEVER_S


def _call(action: str, arguments: dict[str, Any], role: str) -> Any:
    engine = engine_module("services.stepfunctions")
    try:
        if action == "lambda:invoke":
            return _invoke_function(engine, arguments, role)
        if action in _SERVICES:
            _check_service(action, arguments, role)
            return _on_engine_loop(engine, _PREFIX + action, arguments)
        if action.startswith("aws-sdk:"):
            return symbol(engine, "_invoke_resource")(_PREFIX + action, arguments)
    except symbol(engine, "_ExecutionError") as error:
        raise StateError(error.error, error.cause) from error
    raise StateError(
        "States.Runtime",
        f"{action} is not among the integrations of the embedded AWS: lambda:invoke, "
        f"{', '.join(_SERVICES)} and aws-sdk:…",
    )


def _check_service(action: str, arguments: dict[str, Any], role: str) -> None:
    """Of services but DynamoDB's tables the resource is not looked at."""
    service, _, name = action.partition(":")
    asked = f"{service}:{name[0].upper()}{name[1:]}"
    table = arguments.get("TableName")
    resource = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}" if table else "*"
    if not is_allowed(role, asked, resource):
        named = {"dynamodb": "DynamoDb", "events": "EventBridge"}.get(service, service.title())
        raise StateError(f"{named}.AccessDeniedException", refusal(role, asked, resource))


def _invoke_function(engine: Any, arguments: dict[str, Any], role: str) -> dict[str, Any]:
    function = symbol(engine, "_resolve_lambda_function_ref")(
        arguments["FunctionName"], optimized=True
    )
    arn = function_arn(arguments["FunctionName"])
    if not is_allowed(role, "lambda:InvokeFunction", arn):
        cause = refusal(role, "lambda:InvokeFunction", arn)
        raise StateError("Lambda.AWSLambdaException", cause)
    try:
        payload = symbol(engine, "_call_lambda")(function, arguments.get("Payload", {}))
    except symbol(engine, "_ExecutionError") as error:
        if error.error == "Lambda.Unknown" and "TooManyRequestsException" in error.cause:
            raise StateError("Lambda.TooManyRequestsException", error.cause) from error
        raise
    return {"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200}


def function_arn(name: str) -> str:
    """Of a function's name or ARN."""
    prefix = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
    return name if name.startswith("arn:") else f"{prefix}{name}"


def _on_engine_loop(engine: Any, resource: str, arguments: dict[str, Any]) -> Any:
    """Call a service where its requests over http are served: its state has no locks."""

    async def call() -> Any:
        return symbol(engine, "_invoke_resource")(resource, arguments)

    loop = symbol(engine_module("app"), "_MAIN_LOOP")
    return asyncio.run_coroutine_threadsafe(call(), loop).result()
