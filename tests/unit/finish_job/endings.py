"""How a job's end is told in these tests, and what it then has in the store."""

import json
from datetime import datetime
from typing import Any

from functions.finish_job.ending import Ending
from functions.finish_job.finish import finish as finish_for
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import Keys, MediaStore
from tests.unit.conftest import CEILING, GOOD, Answers, arn

ARN = arn("a")
KEYS = Keys("a")


def finish(ending: Ending, jobs: JobsTable, store: MediaStore, now: datetime) -> dict[str, Any]:
    return finish_for(ending, jobs, store, Answers(), CEILING, now)


def row(jobs: JobsTable, job_id: str = "a") -> dict[str, Any]:
    found = jobs.get(job_id)
    assert found is not None
    return found


def ended(status: str = "FAILED", **more: Any) -> Ending:
    told = {"status": status, "execution_arn": ARN, "execution_name": "run-1", "job_id": "a"}
    return Ending.from_event({**told, **more})


def changed(status: str, **detail: Any) -> Ending:
    """EventBridge's event on an execution's end."""
    return Ending.from_event(
        {
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": ARN,
                "name": "run-1",
                "status": status,
                "input": json.dumps({**GOOD, "job_id": "a"}),
                "error": None,
                "cause": None,
                **detail,
            },
        }
    )


def publish(store: MediaStore) -> None:
    store.write(KEYS.output("video"), b"12345", "video/mp4")
    picture = {"key": KEYS.snapshot("00000-640.jpg"), "size_bytes": 3}
    store.write(picture["key"], b"123", "image/jpeg")
    video = {"key": KEYS.output("video"), "size_bytes": 5}
    store.write_json(KEYS.result, {"outputs": [video], "snapshots": [picture]})
