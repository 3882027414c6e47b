"""Runs of a load as they are read afterwards, made by hand."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.load.evidence import Evidence, Left, Row, Sample, Sent, Trace
from benchmarks.load.messages import Message

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOTHING_LEFT = Left(queued=0, dead_letters=0, turns=(), granted=0)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def stamped(seconds: float) -> str:
    return at(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(job_id: str, key: str | None = None, **more: Any) -> Message:
    plain: dict[str, Any] = {
        "kind": "render",
        "name": "clip",
        "body": json.dumps({"job_id": job_id}),
        "group": key or job_id,
        "deduplication": job_id,
        "job_id": job_id,
        "order_key": key,
        "end": "COMPLETE",
        "frames": {"video": 30},
    }
    return Message(**{**plain, **more})


def row(start: float, end: float, key: str | None = None, **more: Any) -> Row:
    """Of a job that rendered from one second to another."""
    return {
        "status": "COMPLETE",
        "request": json.dumps({"order_key": key} if key else {}),
        "attempts": 1,
        "created_at": stamped(0),
        "started_at": stamped(start),
        "finished_at": stamped(end),
        **more,
    }


def trace(job_id: str, waiting: float, woken: float | None) -> Trace:
    return Trace(
        arn=f"arn:{job_id}:{woken}",
        job_id=job_id,
        transitions=14,
        waiting_at=at(waiting),
        woken_at=None if woken is None else at(woken),
        asking_s=0.1,
    )


def good_run(*jobs: tuple[str, str | None, float, float], ceiling: int = 2) -> Evidence:
    """A run in which all went well. `jobs`: (id, order key, start, end), in the order of the queue;
    each was woken at its start."""
    return Evidence(
        ceiling=ceiling,
        sent=[
            Sent(message(job_id, key), f"message-{job_id}", number)
            for number, (job_id, key, _, _) in enumerate(jobs)
        ],
        rows={job_id: row(start, end, key) for job_id, key, start, end in jobs},
        results={job_id: result(job_id) for job_id, *_ in jobs},
        published={job_id: [f"jobs/{job_id}/out/video.mp4"] for job_id, *_ in jobs},
        traces=[trace(job_id, 0, start) for job_id, _, start, _ in jobs],
        samples=[],
        left=NOTHING_LEFT,
    )


def result(job_id: str, frames: int = 30) -> dict[str, Any]:
    made = {"name": "video", "key": f"jobs/{job_id}/out/video.mp4", "frames": frames}
    return {"outputs": [made], "snapshots": []}


def with_row(run: Evidence, job_id: str, **changes: Any) -> Evidence:
    rows = {**run.rows, job_id: {**run.rows[job_id], **changes}}
    return replace(run, rows=rows)


def with_sent(run: Evidence, *more: Message) -> Evidence:
    """The queue numbers what is sent."""
    first = len(run.sent)
    added = [Sent(one, f"message-{first + n}", first + n) for n, one in enumerate(more)]
    return replace(run, sent=[*run.sent, *added])


def sample(
    second: float, count: int = 0, turns: Iterable[str] = (), running: Iterable[str] = ()
) -> Sample:
    return Sample(at(second), count, frozenset(turns), frozenset(running))
