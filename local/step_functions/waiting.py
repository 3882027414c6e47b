"""Waiting for a task token so that it outlives the engine: what is needed is in the record."""

import time
from typing import Any

from local.step_functions import tokens
from local.step_functions.frame import Frame

_KEY = "_waiting"


def note_of(record: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the main line of an execution waits for: {state, input, variables, token, until (epoch
    s), heartbeat_s, answer}. None where it does something else."""
    return None if record is None else record.get(_KEY)


def wait(
    callback: tokens.Callback, frame: Frame, value: Any, deadline: float, heartbeat_s: float
) -> Any:
    """The answer to a token that was just given out. `value`: the state's input."""
    note = {
        "state": frame.context["State"]["Name"],
        "input": value,
        "variables": frame.variables,
        "token": callback.token,
        "until": time.time() + deadline - time.monotonic(),
        "heartbeat_s": heartbeat_s,
    }
    return _wait(callback, frame, note)


def wait_on(note: dict[str, Any], frame: Frame) -> Any:
    """The answer to a token that was given out before a restart, and perhaps answered."""
    callback = tokens.again(note["token"])
    frame.context["Task"] = {"Token": callback.token}
    try:
        if note["answer"]:
            tokens.repeat(note["answer"])
        return _wait(callback, frame, note)
    finally:
        callback.close()


def _wait(callback: tokens.Callback, frame: Frame, note: dict[str, Any]) -> Any:
    deadline = time.monotonic() + note["until"] - time.time()
    if frame.record is None:
        return callback.wait(frame.scope, deadline, note["heartbeat_s"])
    frame.record[_KEY] = {**note, "answer": callback.answer}
    try:
        return callback.wait(frame.scope, deadline, note["heartbeat_s"])
    finally:
        del frame.record[_KEY]
