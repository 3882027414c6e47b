"""Where a state runs: its execution, its scope, its context object and its variables."""

import copy
import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.shims import engine_module, symbol
from local.step_functions.scope import Scope

MAX_PAYLOAD_BYTES = 256 * 1024


class StateError(Exception):
    """A failure that Retry and Catch may match by name."""

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


class History(Protocol):
    """What a state writes its events to."""

    def add_event(self, event_type: str, **details: Any) -> None: ...


@dataclass
class Frame:
    """One line of control. Branches and iterations get a frame of their own."""

    history: History
    scope: Scope
    context: dict[str, Any]
    """$states.context"""
    variables: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] | None = None
    """The execution's, on its main line only: notes there what it waits for, see `waiting.py`."""

    def inner(self, scope: Scope) -> "Frame":
        """For a branch or an iteration: reads what is known here, assigns only for itself."""
        return Frame(self.history, scope, copy.deepcopy(self.context), dict(self.variables))

    def evaluate(self, template: Any, value: Any, **states: Any) -> Any:
        """A template with its `{% … %}` evaluated. `states`: result or error_output."""
        engine = engine_module("services.stepfunctions")
        context = self.context | {"variables": self.variables}
        try:
            apply = symbol(engine, "_apply_jsonata_template")
            evaluated = apply(template, value, context, **states)
        except symbol(engine, "_ExecutionError") as error:
            raise StateError(error.error, error.cause) from error
        return _plain(evaluated)

    def outcome(self, holder: dict[str, Any], value: Any, default: Any, **states: Any) -> Any:
        """The Output of a state, rule or catcher, after assigning what it assigns."""
        output = default
        if "Output" in holder:
            output = self.evaluate(holder["Output"], value, **states)
        self.variables |= {
            name: self.evaluate(template, value, **states)
            for name, template in holder.get("Assign", {}).items()
        }
        return output


def check_size(value: Any, what: str) -> Any:
    """The value, if a state may carry it."""
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > (
        MAX_PAYLOAD_BYTES
    ):
        raise StateError(
            "States.DataLimitExceeded",
            f"The state/task '{what}' returned a result with a size exceeding the maximum number "
            f"of bytes service limit.",
        )
    return value


def _plain(value: Any) -> Any:
    """Plain JSON: JSONata knows one kind of number, so 2.0 is written 2."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
