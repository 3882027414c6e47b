"""DynamoDB's part of a job: writes and reads by step, from the requests that were counted."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.counting import Call

_TRANSACTED = 2
"""Write units of an item in a transaction, for each begun kB; outside of one it is 1."""
_READ_BYTES = 4096
_REFUSALS = {"ConditionalCheckFailedException", "TransactionCanceledException"}


@dataclass
class Step:
    """Requests of one kind by one function, over a whole run."""

    function: str
    what: str
    requests: int = 0
    refused: int = 0
    """Of the requests: those whose condition did not hold. They are paid for, too."""
    items: int = 0
    """Written, or tried to be."""
    units: float = 0
    """Write or read units; for a refused write what it would have cost at up to 1 kB an item."""
    returned_items: int = 0
    bytes: int = 0
    """Of the answers."""


@dataclass(frozen=True)
class Usage:
    """Both in the order of their first use."""

    writes: list[Step] = field(default_factory=list)
    reads: list[Step] = field(default_factory=list)

    @property
    def units(self) -> tuple[float, float]:
        """(write, read)"""
        return sum(s.units for s in self.writes), sum(s.units for s in self.reads)


def usage(calls: Sequence[Call]) -> Usage:
    writes: dict[tuple[str, str], Step] = {}
    reads: dict[tuple[str, str], Step] = {}
    for call in calls:
        items = list(_written(call))
        what = " + ".join(_named(items)) if items else _read(call)
        steps = writes if items else reads
        step = steps.setdefault((call.function, what), Step(call.function, what))
        answer = json.loads(call.answer or b"{}")
        is_refused = str(answer.get("__type", "")).rpartition("#")[2] in _REFUSALS
        step.requests += 1
        step.refused += is_refused
        step.items += len(items)
        if is_refused:
            step.units += _refused_units(call, items)
        else:
            step.units += _write_units(answer) if items else _read_units(call)
        step.returned_items += int(answer.get("Count", "Item" in answer))
        step.bytes += len(call.answer)
    return Usage(list(writes.values()), list(reads.values()))


def of_jobs(calls: Iterable[Call], rows: dict[str, Any]) -> Iterator[Call]:
    """The calls that name one of these jobs, or only its turn. `rows`: by job id."""
    turns = {(row["lane"], str(row["sequence"])) for row in rows.values() if "lane" in row}
    for call in calls:
        keys = list(_keys(call))
        # A turn that was not made names none: its number may be the next job's by now.
        named = {key["job_id"]["S"] for key in keys if "job_id" in key}
        taken = {(key["lane"]["S"], key["sequence"]["N"]) for key in keys if "lane" in key}
        if named & rows.keys() or (not named and taken & turns):
            yield call


def is_granting(call: Call) -> bool:
    """Whether it is to find, give or take back a turn: what one job does for all that wait."""
    if call.operation == "Scan":
        return True
    if call.operation == "GetItem":
        return _is_count(call.request["Key"])
    keys = list(_keys(call))
    return any(_is_count(key) for key in keys) and not any("job_id" in key for key in keys)


def _keys(call: Call) -> Iterator[dict[str, Any]]:
    for _, item in _written(call):
        yield item.get("Key") or item["Item"]
    if call.operation == "GetItem":
        yield call.request["Key"]


def _written(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    """(Put, Update, …; its arguments) of each item that the call writes."""
    if call.operation == "TransactWriteItems":
        for entry in call.request["TransactItems"]:
            yield from entry.items()
    elif call.operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        yield call.operation.removesuffix("Item"), call.request


def _named(items: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    for verb, item in items:
        yield f"{verb.lower()} {_thing(item.get('Key') or item['Item'])}"


def _read(call: Call) -> str:
    if call.operation == "GetItem":
        return f"get {_thing(call.request['Key'])}"
    return {"Scan": "scan turns"}.get(call.operation, call.operation)


def _thing(key: dict[str, Any]) -> str:
    if "lane" not in key or "status" in key:  # a new job's row says its lane, too
        return "job"
    if _is_count(key):
        return "count"
    return "lane's counter" if key["sequence"]["N"] == "0" else "turn"


def _is_count(key: dict[str, Any]) -> bool:
    return key.get("lane") == {"S": "#granted"}


def _read_units(call: Call) -> int:
    """Of a consistent read, by its answer's size; as JSON it is a little larger than as items."""
    return math.ceil(len(call.answer) / _READ_BYTES)


def _write_units(answer: dict[str, Any]) -> float:
    """As the embedded AWS counted them, from the items' sizes."""
    told = answer.get("ConsumedCapacity", [])
    return sum(float(one["CapacityUnits"]) for one in (told if isinstance(told, list) else [told]))


def _refused_units(call: Call, items: list[Any]) -> float:
    return len(items) * (_TRANSACTED if call.operation == "TransactWriteItems" else 1)
