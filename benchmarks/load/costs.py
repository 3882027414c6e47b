"""What the machinery around a render costs on AWS: `make load`'s counts times AWS's list prices."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from benchmarks.load.records import KEYED
from functions.shared import prices

DESK_GB = 0.5
DESK_S = 0.2
"""Assumed for a call of a function that only reads and writes records. A loaded machine of two
cores, whose functions all start cold, is no measure for Lambda."""
LOOK_S = 0.03
"""Assumed for the reconciler's look at one turn: its job's row and its execution."""
_PASSES_AN_HOUR = 60
_SCANS_A_PASS = 2
"""At most: its own, and that of granting."""
_READ_BYTES = 4096
POLL_S = 10
_POLLED_STATES = 2


@dataclass(frozen=True)
class Counts:
    """Means of one job with an order key that was sent once, as a load counted them."""

    transitions: float
    own_writes: float
    """Write units of the job's own steps."""
    asking_writes: float
    """Of those: RequestTurn's."""
    own_reads: float
    asking_reads: float
    grant_writes: float
    """Write units to give it its turn, refused attempts with them."""
    refused_writes: float
    """Write units of all refused attempts, its own and at granting."""
    grant_reads: float
    """Read units to give it its turn, besides the scans."""
    scans: float
    """Reads of the whole turns table, by RequestTurn and FinishJob."""
    turn_bytes: float
    look_reads: float
    """Read units when the reconciler looks at a turn, besides its scans."""

    @classmethod
    def read(cls, told: dict[str, Any]) -> Self:
        """From build/load.json's content; KeyError where DynamoDB was not counted."""
        dynamodb = told["dynamodb"]
        own, granting = dynamodb["a_job"][KEYED], dynamodb["a_job"]["granting"]
        reconciler = dynamodb["reconciler"]
        looks = _scans(reconciler["reads"], are_they=False)
        return cls(
            transitions=told["figures"]["transitions"]["p50"],
            own_writes=_sum(own["writes"], "units"),
            asking_writes=_sum(_by(own["writes"], "RequestTurn"), "units"),
            own_reads=_sum(own["reads"], "units"),
            asking_reads=_sum(_by(own["reads"], "RequestTurn"), "units"),
            grant_writes=_sum(granting["writes"], "units"),
            refused_writes=sum(
                step["units"] * step["refused"] / step["requests"]
                for step in (*own["writes"], *granting["writes"])
            ),
            grant_reads=_sum(_scans(granting["reads"], are_they=False), "units"),
            scans=_sum(_scans(granting["reads"], are_they=True), "requests"),
            turn_bytes=dynamodb["turn_bytes"],
            look_reads=_sum(looks, "units") / reconciler["turns_looked_at"],
        )


def scan_units(turns: int, counts: Counts) -> int:
    """Of one consistent read of a turns table with so many rows."""
    return max(1, math.ceil(turns * counts.turn_bytes / _READ_BYTES))


def waiting_once(counts: Counts, backlog: int) -> float:
    """US dollars for taking a place in a queue of `backlog` jobs and being granted a turn."""
    writes = counts.asking_writes + counts.grant_writes
    reads = counts.asking_reads + counts.grant_reads + counts.scans * scan_units(backlog, counts)
    return float(prices.TRANSITION.each) + _desk_call() + _dynamodb(writes, reads)


def waiting_an_hour(counts: Counts, backlog: int) -> float:
    """US dollars for an hour of one job's waiting: its share of the reconciler's passes."""
    scans = _SCANS_A_PASS * scan_units(backlog, counts) / backlog
    compute = LOOK_S * DESK_GB * float(prices.LAMBDA_GB_SECOND["arm64"].each)
    a_pass = _dynamodb(0, counts.look_reads + scans) + compute
    return _PASSES_AN_HOUR * a_pass


def polling_an_hour() -> float:
    """US dollars if the execution looked for itself: a Wait and a Task, time after time."""
    looks = 3600 / POLL_S
    return looks * (_POLLED_STATES * float(prices.TRANSITION.each) + _desk_call())


def machinery(counts: Counts, backlog: int) -> dict[str, float]:
    """US dollars for one job by service, without rendering, storage and logs."""
    writes = counts.own_writes + counts.grant_writes
    reads = counts.own_reads + counts.grant_reads + counts.scans * scan_units(backlog, counts)
    return {
        "Step Functions, state transitions": counts.transitions * float(prices.TRANSITION.each),
        "DynamoDB": _dynamodb(writes, reads),
        "SQS: sent, received, deleted": 3 * float(prices.SQS_FIFO_REQUEST.each),
        "EventBridge Pipes": float(prices.PIPE_REQUEST.each),
    }


def _desk_call() -> float:
    return float(prices.LAMBDA_REQUEST.each) + DESK_GB * DESK_S * float(
        prices.LAMBDA_GB_SECOND["arm64"].each
    )


def _dynamodb(writes: float, reads: float) -> float:
    return writes * float(prices.DYNAMODB_WRITE.each) + reads * float(prices.DYNAMODB_READ.each)


def _by(steps: Iterable[dict[str, Any]], function: str) -> list[dict[str, Any]]:
    return [step for step in steps if step["function"] == function]


def _scans(steps: Iterable[dict[str, Any]], *, are_they: bool) -> list[dict[str, Any]]:
    return [step for step in steps if step["what"].startswith("scan") == are_they]


def _sum(steps: Iterable[dict[str, Any]], name: str) -> float:
    return float(sum(step[name] for step in steps))
