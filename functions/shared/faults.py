"""What is wrong with JSON that should have been a model: where, what, and what would be right."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_MOST_SAID = 3


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong."""

    path: str
    """Of the field, e.g. `render.outputs.0.height`; empty for the whole."""
    said: str
    """A clause that names the field."""


def faults(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """What made `model` refuse the JSON, causes only."""
    errors = error.errors(include_url=False)
    # pydantic drops a bad item and then also says that its list is too short: keep the cause.
    blamed = {one["loc"][:i] for one in errors for i in range(len(one["loc"]))}
    causes = [e for e in errors if e["type"] != "too_short" or e["loc"] not in blamed]
    return [Fault(_path(one), _clause(one, model)) for one in causes]


def sentence(found: Sequence[Fault]) -> str:
    """The first few, as one sentence."""
    more = len(found) - _MOST_SAID
    said = "; ".join(fault.said for fault in found[:_MOST_SAID])
    return said + (f"; and {more} more" if more > 0 else "") + "."


def _path(error: ErrorDetails) -> str:
    return ".".join(str(step) for step in error["loc"])


def _clause(error: ErrorDetails, model: type[BaseModel]) -> str:  # noqa: PLR0911 - one for each
    where = _path(error) or "the request"
    match error["type"]:
        case "extra_forbidden":
            return f"{where} is not a field{_nearest(error['loc'], model)}"
        case "missing":
            return f"{where} is missing"
        case "json_invalid":
            return f"the message is not JSON: {error['ctx']['error']}"
        case "value_error":
            return f"{where}: {error['ctx']['error']}"
        case "too_short":
            return f"{where} needs at least {error['ctx']['min_length']}"
        case "model_type" | "model_attributes_type":
            return f"{where} must be a JSON object"
        case _:
            return f"{where}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _nearest(loc: tuple[int | str, ...], whole: type[BaseModel]) -> str:
    """The known field that an unknown one most resembles, of the model it stands in."""
    model: type[BaseModel] | None = whole
    for step in loc[:-1]:
        if isinstance(step, str) and model is not None:
            model = _model_of(model, step)
    known = list(model.model_fields) if model else []
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f"; did you mean {close[0]}?" if close else f" (known: {', '.join(known)})"


def _model_of(model: type[BaseModel], field: str) -> type[BaseModel] | None:
    """The model inside a field's annotation, through Optional, tuple and Annotated."""
    if field not in model.model_fields:
        return None
    todo = [model.model_fields[field].annotation]
    while todo:
        kind = todo.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        todo.extend(getattr(kind, "__args__", ()))
    return None
