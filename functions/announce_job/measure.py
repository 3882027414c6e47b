"""What the jobs table's changes add to the stack's metrics."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.announce_job.letters import Letter
from functions.shared.dynamo_values import from_dynamo


@dataclass(frozen=True)
class Bill:
    """A change of what a job cost so far, in US dollars."""

    job_id: str
    execution_arn: str | None
    usd: float
    """Below 0 where a job is taken up again: the bill at its end has all attempts in it."""


def measured(letter: Letter) -> dict[str, float]:
    """Of a change of status that was announced."""
    row, kind = letter.change.row, letter.change.kind
    if kind == "started":
        return {"WaitSeconds": _seconds(row, "claimed_at", "started_at")}
    if kind == "failed":
        return {"Failed": 1}
    if kind == "completed":
        rendered_s = _seconds(row, "started_at", "finished_at")
        return {"Failed": 0, "RenderSeconds": rendered_s, "Snapshots": letter.pictures}
    return {}


def bills(records: Iterable[Mapping[str, Any]]) -> Iterator[Bill]:
    """A job's cost may be known only after its end: these are no changes of a status."""
    for record in records:
        told = record["dynamodb"]
        after = told.get("NewImage", {})
        usd = _usd(after) - _usd(told.get("OldImage", {}))
        if after and usd:
            arn = after.get("execution_arn", {}).get("S")
            yield Bill(after["job_id"]["S"], arn, round(usd, 8))


def _usd(image: Mapping[str, Any]) -> float:
    return float(from_dynamo(image["cost_usd"])) if "cost_usd" in image else 0.0


def _seconds(row: Mapping[str, Any], since: str, until: str) -> float:
    spent = datetime.fromisoformat(row[until]) - datetime.fromisoformat(row[since])
    return spent.total_seconds()
