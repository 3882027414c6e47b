"""The plan of a job for a live stream. Nothing is read: the stream may not be there yet."""

from functions.shared.errors import InvalidRequest
from functions.shared.job import Request
from functions.shared.plan import LivePlan
from functions.shared.request.live import LiveRequest

_LEFT_S = 300
"""Of the job's time, for what comes after the last moment."""


def plan_live(job_id: str, request: Request, asked: LiveRequest, job_timeout_s: int) -> LivePlan:
    """InvalidRequest where the last moment comes too late for a job of this stack."""
    moments_s = asked.moments_s
    longest_s = job_timeout_s - _LEFT_S
    if asked.wait_s + moments_s[-1] > longest_s:
        raise InvalidRequest(
            f"live: the wait of {asked.wait_s:g} s and the last moment at {moments_s[-1]:g} s come"
            f" to more than the {longest_s} s that a job of this stack has."
        )
    return LivePlan(
        job_id=job_id,
        source=request.source,
        moments_s=moments_s,
        widths=tuple(sorted(set(asked.widths))),
        format=asked.format,
        wait_s=asked.wait_s,
    )
