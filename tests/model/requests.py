"""The jobs of a history, as they are sent."""

from typing import Any

from tests.model.states import Execution

JOBS: dict[str, dict[str, Any]] = {
    "a1": {"order_key": "a"},
    "a2": {"order_key": "a", "priority": 5},
    "a3": {"order_key": "a", "priority": -5},
    "b1": {"order_key": "b"},
    "b2": {"order_key": "b", "priority": 5},
    "c": {},
}
"""What each job of a history asks for beside its render."""


def request_for(job: str) -> dict[str, Any]:
    return {
        "job_id": job,
        "source": "s3://media/uploads/clip.mp4",
        "snapshots": {"count": 1},
        **JOBS[job],
    }


def input_of(execution: Execution) -> Any:
    request = request_for(execution.job)
    return request if execution.direct else [request]
