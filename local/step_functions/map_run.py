"""A Map Run as ListMapRuns and DescribeMapRun show it."""

import threading
import uuid
from typing import Any

from local.home import ACCOUNT, REGION
from local.shims import engine_module, symbol

_COUNTED = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}
_COUNTS = ("pending", "running", *_COUNTED.values(), "total", "resultsWritten")


class MapRun:
    """The children of one Distributed Map, counted."""

    def __init__(
        self,
        context: dict[str, Any],
        label: str,
        item_count: int,
        limit: int,
        tolerated: tuple[int, float],
    ) -> None:
        """`tolerated`: failures by count and by percentage."""
        engine = engine_module("services.stepfunctions")
        machine_name = context["StateMachine"]["Name"]
        self.path = f"{machine_name}/{label}"
        self.arn = f"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:{self.path}:{uuid.uuid4()}"
        self.role_arn: str = context["Execution"]["RoleArn"]
        self.machine_arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{self.path}"
        self._count, self._percentage = tolerated
        self._lock = threading.Lock()
        self._now = symbol(engine, "now_iso")
        counts = dict.fromkeys(_COUNTS, 0) | {"pending": item_count, "total": item_count}
        self._record: dict[str, Any] = {
            "mapRunArn": self.arn,
            "executionArn": context["Execution"]["Id"],
            "status": "RUNNING",
            "startDate": self._now(),
            "maxConcurrency": limit,
            "toleratedFailureCount": self._count,
            "toleratedFailurePercentage": self._percentage,
            "itemCounts": counts,
            "executionCounts": dict(counts),
            "redriveCount": 0,
            "_stateMachineArn": self.machine_arn,
        }
        symbol(engine, "_map_runs")[self.arn] = self._record

    @property
    def has_failed(self) -> bool:
        """More children failed than are tolerated."""
        counts = self._record["executionCounts"]
        failed = counts["failed"] + counts["timedOut"] + counts["aborted"]
        return bool(failed > self._count and failed * 100 > self._percentage * counts["total"])

    def count_start(self) -> None:
        self._move("pending", "running")

    def count_end(self, status: str) -> None:
        self._move("running", _COUNTED[status])

    def close(self, status: str) -> None:
        with self._lock:
            self._record |= {"status": status, "stopDate": self._now()}

    def _move(self, source: str, target: str) -> None:
        with self._lock:
            for counts in (self._record["itemCounts"], self._record["executionCounts"]):
                counts[source] -= 1
                counts[target] += 1


def abandon(record: dict[str, Any]) -> None:
    """End a Map Run whose engine has stopped, as one that was stopped with its execution."""
    for counts in (record["itemCounts"], record["executionCounts"]):
        counts["aborted"] += counts["running"]
        counts["running"] = 0
    record |= {
        "status": "ABORTED",
        "stopDate": symbol(engine_module("services.stepfunctions"), "now_iso")(),
    }
