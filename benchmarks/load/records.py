"""What a run leaves behind: build/load.json, which docs/costs.md is computed from."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.load.checks import spans
from benchmarks.load.counting import Call
from benchmarks.load.evidence import Evidence, Row
from benchmarks.load.figures import Figures
from benchmarks.load.usage import Step, Usage, is_granting, of_jobs, usage

KEYED, KEYLESS = "with an order key", "without one"
_BY_THE_MINUTE = "ReconcileJobs"


def record(
    run: Evidence, found: Figures, broken: Sequence[str], calls: Sequence[Call]
) -> dict[str, Any]:
    """As JSON can hold it. Without `calls`, as on AWS, DynamoDB's part is left out."""
    about = {
        "machine": platform.machine(),
        "messages": len(run.sent),
        "ceiling": run.ceiling,
        "samples": len(run.samples),
        "broken": list(broken),
        "figures": asdict(found),
    }
    return {**about, "dynamodb": _dynamodb(run, calls)} if calls else about


def by_kind(run: Evidence, calls: Sequence[Call]) -> dict[str, tuple[int, Usage]]:
    """(jobs, what was asked of DynamoDB for them all) by the kind of job; `KEYED` and `KEYLESS` are
    the ordinary ones. Granting is no job's own: `granting` has it."""
    kinds: dict[str, dict[str, Row]] = {}
    disturbed = {one.message.original for one in run.sent}
    for one in run.sent:
        row = run.rows.get(one.job_id)
        if row is None or one.message.kind == "duplicate":
            continue
        kind: str = one.message.kind
        if kind == "render":
            kind = KEYED if one.message.order_key else KEYLESS
            kind = "sent twice, or its id wanted" if one.job_id in disturbed else kind
        kinds.setdefault(kind, {})[one.job_id] = row
    theirs = [c for c in calls if c.function != _BY_THE_MINUTE and not is_granting(c)]
    return {kind: (len(rows), usage(list(of_jobs(theirs, rows)))) for kind, rows in kinds.items()}


def granting(run: Evidence, calls: Sequence[Call]) -> tuple[int, Usage]:
    """(jobs that had a turn, what was asked of DynamoDB to give them theirs)"""
    asked = [call for call in calls if call.function != _BY_THE_MINUTE and is_granting(call)]
    return len(spans(run.rows)), usage(asked)


def _dynamodb(run: Evidence, calls: Sequence[Call]) -> dict[str, Any]:
    parts = {
        **by_kind(run, calls),
        "granting": granting(run, calls),
    }
    scans = [call for call in calls if call.operation == "Scan"]
    return {
        "a_job": {
            kind: {
                "jobs": jobs,
                "writes": [_each(step, jobs) for step in used.writes],
                "reads": [_each(step, jobs) for step in used.reads],
            }
            for kind, (jobs, used) in parts.items()
        },
        "turn_bytes": _row_bytes(usage(scans).reads),
        "reconciler": _reconciler(calls),
    }


def _each(step: Step, jobs: int) -> dict[str, Any]:
    numbers = {
        name: round(getattr(step, name) / jobs, 3)
        for name in ("requests", "refused", "items", "units")
    }
    return {"function": step.function, "what": step.what, **numbers}


def _row_bytes(scans: Sequence[Step]) -> int:
    """A row as JSON, which is a little more than DynamoDB counts."""
    returned = sum(step.returned_items for step in scans)
    return round(sum(step.bytes for step in scans) / returned) if returned else 0


def _reconciler(calls: Sequence[Call]) -> dict[str, Any]:
    """All its passes together. Whenever it looks at a turn, it reads that turn's job."""
    reads = usage([call for call in calls if call.function == _BY_THE_MINUTE]).reads
    return {
        "turns_looked_at": sum(step.requests for step in reads if step.what == "get job"),
        "reads": [_each(step, 1) for step in reads],
    }
