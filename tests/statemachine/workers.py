"""What the machine's functions answer in these tests."""

from collections.abc import Callable
from typing import Any

import boto3

from functions.finish_job.ending import LastWord
from tests.statemachine.machine import BUCKET, Machine, Worker

REQUEST = {"source": "s3://media/uploads/a.mp4"}
OVER = {"watch": {"next_index": 3}, "over": True, "again_at": None}
MakeMachine = Callable[..., Machine]


def healthy() -> dict[str, Worker]:
    """Workers of a job with two chunks, sound and three batches of pictures."""
    return {
        "ClaimJob": lambda _: {"job_id": "job-1", "claimed": True},
        "RequestTurn": grants_at_once,
        "PlanRender": plan(),
        "RenderChunk": lambda _: {"frames": 48},
        "RenderAudio": lambda _: {},
        "TakeSnapshots": lambda _: {},
        "TakeLiveSnapshots": lambda _: OVER,
        "AssembleRender": lambda _: {"job_id": "job-1", "result_key": "jobs/job-1/result.json"},
        "FinishJob": finishes,
    }


def raises(error: Exception) -> Worker:
    def worker(_: dict[str, Any]) -> Any:
        raise error

    return worker


def plan(**changes: Any) -> Worker:
    return lambda _: {
        "job_id": "job-1",
        "chunk_count": 2,
        "max_parallel": 2,
        "has_audio": True,
        "snapshot_batches": 3,
        "bucket": BUCKET,
        "chunks_key": "jobs/job-1/chunks.json",
        "is_live": False,
        **changes,
    }


def grants_at_once(event: dict[str, Any]) -> None:
    boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output='{"epoch": 7}')


def finishes(event: dict[str, Any]) -> dict[str, Any]:
    """Tells the machine what finish_job tells it."""
    if "redriven" in event:
        LastWord.model_validate(event).speak()
        return {}
    return {"job_id": event["job_id"], "status": event["status"]}
