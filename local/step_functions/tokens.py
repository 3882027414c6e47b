"""Task tokens: a state waits for one, SendTaskSuccess, -Failure and -Heartbeat answer to it."""

import base64
import binascii
import json
import secrets
import threading
import time
from concurrent.futures import Future
from typing import Any

from local.shims import engine_module, symbol
from local.step_functions.frame import MAX_PAYLOAD_BYTES, StateError
from local.step_functions.scope import NotInTimeError, Scope

_lock = threading.Lock()
_open: "dict[str, Callback]" = {}
_closed: set[str] = set()


class Callback:
    """One waiting state."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.future: Future[Any] = Future()
        self.last_beat = time.monotonic()
        self.answer: dict[str, Any] = {}
        """The request that was accepted for it, once there is one."""

    def wait(self, scope: Scope, deadline: float, heartbeat_s: float) -> Any:
        """The task's output; its failure or a timeout as a StateError."""
        self.last_beat = time.monotonic()
        while True:
            silent_at = self.last_beat + heartbeat_s
            try:
                return scope.result(self.future, min(deadline, silent_at) - time.monotonic())
            except NotInTimeError:
                if time.monotonic() >= deadline:
                    raise StateError("States.Timeout") from None
                if time.monotonic() >= self.last_beat + heartbeat_s:
                    raise StateError("States.HeartbeatTimeout") from None

    def close(self) -> None:
        with _lock:
            _open.pop(self.token, None)
            _closed.add(self.token)


def new(machine_arn: str) -> Callback:
    """A token to wait for. Like AWS's, it says for itself what it is of."""
    machine = base64.urlsafe_b64encode(machine_arn.encode()).decode()
    return again(f"{machine}.{secrets.token_urlsafe(96)}")


def again(token: str) -> Callback:
    """To wait for a token that was given out before a restart."""
    with _lock:
        callback = _open.get(token) or Callback(token)
        _open[callback.token] = callback
        _closed.discard(callback.token)
    return callback


def machine_of(token: str) -> str | None:
    """The ARN of the state machine that gave the token out; None for what is no token."""
    try:
        return base64.urlsafe_b64decode(token.partition(".")[0]).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def known() -> set[str]:
    """All tokens that were ever given out."""
    with _lock:
        return _closed | _open.keys()


def bury(tokens: set[str]) -> None:
    """Take these for tokens that nobody waits for any more."""
    with _lock:
        _closed.update(tokens)


def send_success(request: dict[str, Any]) -> Any:
    output = request.get("output", "")
    try:
        result = json.loads(output)
    except json.JSONDecodeError:
        return _refusal("InvalidOutput", f"Invalid Output: '{output[:80]}'")
    if len(output.encode()) > MAX_PAYLOAD_BYTES:
        return _refusal("ValidationException", "output must be at most 262144 bytes")
    return _settle(request, lambda future: future.set_result(result))


def send_failure(request: dict[str, Any]) -> Any:
    error = StateError(request.get("error") or "States.TaskFailed", request.get("cause") or "")
    return _settle(request, lambda future: future.set_exception(error))


def repeat(answer: dict[str, Any]) -> None:
    """Send an answer again that was accepted before a restart."""
    (send_success if "output" in answer else send_failure)(answer)


def send_heartbeat(request: dict[str, Any]) -> Any:
    with _lock:
        callback = _open.get(request.get("taskToken", ""))
        if callback is None or callback.future.done():
            return _unknown(request)
        callback.last_beat = time.monotonic()
    return _accepted()


def _settle(request: dict[str, Any], settle: Any) -> Any:
    with _lock:
        callback = _open.get(request.get("taskToken", ""))
        if callback is None or callback.future.done():
            return _unknown(request)
        settle(callback.future)
        callback.answer |= request
    return _accepted()


def _unknown(request: dict[str, Any]) -> Any:
    token = request.get("taskToken", "")
    if token in _closed or token in _open:
        return _refusal("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    return _refusal("InvalidToken", "Invalid Token: 'Invalid token'")


def _accepted() -> Any:
    return symbol(engine_module("services.stepfunctions"), "json_response")({})


def _refusal(code: str, message: str) -> Any:
    return symbol(engine_module("services.stepfunctions"), "error_response_json")(
        code, message, 400
    )
