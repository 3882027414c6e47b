"""Retry and Catch, as Task, Parallel and Map states have them."""

import random
from collections.abc import Callable
from typing import Any

from local.step_functions.frame import Frame, StateError

_TERMINAL = {"States.DataLimitExceeded", "States.Runtime"}
"""What States.ALL does not match."""
_TIMEOUTS = {"States.Timeout", "States.HeartbeatTimeout"}


def guarded(
    state: dict[str, Any], value: Any, frame: Frame, attempt: Callable[[], Any]
) -> tuple[Any, str | None]:
    """(output, next state's name) of the first attempt that ends well, or of the catcher."""
    tries: dict[int, int] = {}
    while True:
        frame.context["State"]["RetryCount"] = sum(tries.values())
        try:
            return attempt(), state.get("Next")
        except StateError as error:
            frame.scope.check()
            delay_s = _retry_delay_s(state.get("Retry", []), error, tries)
            if delay_s is None:
                return _caught(state, value, frame, error)
            frame.scope.sleep(delay_s)


def _retry_delay_s(
    retriers: list[dict[str, Any]], error: StateError, tries: dict[int, int]
) -> float | None:
    """How long to wait before the next attempt; None when there is none. Counts it."""
    for number, retrier in enumerate(retriers):
        if not _matches(retrier["ErrorEquals"], error.name):
            continue
        done = tries.get(number, 0)
        if done >= retrier.get("MaxAttempts", 3):
            return None
        tries[number] = done + 1
        delay_s: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** done
        delay_s = min(delay_s, retrier.get("MaxDelaySeconds", delay_s))
        has_jitter = retrier.get("JitterStrategy") == "FULL"
        return random.uniform(0, delay_s) if has_jitter else delay_s  # noqa: S311
    return None


def _caught(
    state: dict[str, Any], value: Any, frame: Frame, error: StateError
) -> tuple[Any, str | None]:
    for catcher in state.get("Catch", []):
        if _matches(catcher["ErrorEquals"], error.name):
            error_output = {"Error": error.name, "Cause": error.cause}
            output = frame.outcome(catcher, value, error_output, error_output=error_output)
            return output, catcher["Next"]
    raise error


def _matches(names: list[str], name: str) -> bool:
    return (
        name in names
        or ("States.ALL" in names and name not in _TERMINAL)
        or ("States.TaskFailed" in names and name not in _TIMEOUTS | _TERMINAL)
        or ("States.Timeout" in names and name in _TIMEOUTS)
    )
