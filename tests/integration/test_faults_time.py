"""Workers that run out of time, and workers Lambda does not start."""

from typing import Any

import pytest

from functions.shared.media_store import Keys
from reelwright.direct import Job
from tests.integration.changes import (
    assert_freed,
    assert_unpublished,
    behind,
    chunk_failures,
    configured,
    reserved,
)
from tests.integration.conftest import Deployed
from tests.integration.faulty_wire import FaultyWire
from tests.integration.jobs import PICTURE, THREE_CHUNKS
from tests.polling import until

THROTTLED = "Lambda.TooManyRequestsException"
SLOW = {"outputs": [{"name": "slow", "height": 540, "video": {"preset": "veryslow"}}]}
"""Half of the clip takes seconds."""


def test_a_chunk_that_can_not_be_done_in_time_fails_its_job(
    stack: Deployed, clip: str, job_id: str, key: str
) -> None:
    slow = {"source": clip, "render": SLOW, "chunk_s": 6.5, "max_parallel": 1, "order_key": key}
    # A worker ends its ffmpeg five seconds before its own end.
    with configured(stack, "RenderChunk", Timeout=6):
        stack.client.submit({**slow, "job_id": job_id})
        behind_it = stack.client.submit({"source": clip, **PICTURE, "order_key": key})
        job = stack.wait(job_id)
        assert stack.wait(behind_it)["status"] == "COMPLETE"
    error = job["error"]
    assert (error["name"], error["state"], error["chunk"]) == ("RenderTimedOut", "Render Chunk", 0)
    assert chunk_failures(stack, job)[0] == ["RenderTimedOut"] * 2
    assert_unpublished(stack, job_id)
    assert_freed(stack, job_id, behind_it)


@pytest.mark.aws("lambda-timeout")
@pytest.mark.embedded_only
@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_hangs_is_ended_by_lambda_and_replaced_once(
    stack: Deployed,
    clip: str,
    job_id: str,
    key: str,
    wire: FaultyWire,
    undisturbed: bytes,
    times: int,
) -> None:
    timed_out = "Sandbox.Timedout"
    request = {"source": clip, **THREE_CHUNKS, "order_key": key}
    with configured(stack, "RenderChunk", Timeout=8), behind(stack, wire, "RenderChunk"):
        for _ in range(times):
            wire.hold("PUT", Keys(job_id).chunk("small", 1))
        stack.client.submit({**request, "job_id": job_id})
        behind_it = stack.client.submit({"source": clip, **PICTURE, "order_key": key})
        job = stack.wait(job_id)
        assert stack.wait(behind_it)["status"] == "COMPLETE"
    assert chunk_failures(stack, job)[1] == [timed_out] * times
    if times == 1:
        assert stack.made(job) == undisturbed
    else:
        told = job["error"]
        assert (told["name"], told["state"], told["chunk"]) == (timed_out, "Render Chunk", 1)
        assert_unpublished(stack, job_id)
    assert_freed(stack, job_id, behind_it)


@pytest.mark.aws("lambda-throttle")
def test_chunks_that_are_not_started_wait_until_they_are(
    stack: Deployed, clip: str, job_id: str, undisturbed: bytes
) -> None:
    def throttled() -> Any:
        job = stack.client.job(job_id)
        if job is None or job["status"] != "RUNNING" or not _has_map(stack, job):
            return None
        failures = chunk_failures(stack, job).values()
        return True if failures and all(failures) else None

    with reserved(stack, "RenderChunk", 0):
        stack.client.submit({"source": clip, **THREE_CHUNKS, "job_id": job_id})
        until(throttled, "every chunk to be throttled", 60)
        assert [key for key in stack.client.parts(job_id) if "/small/" in key] == []
    job = stack.wait(job_id)
    assert {name for names in chunk_failures(stack, job).values() for name in names} == {THROTTLED}
    assert stack.made(job) == undisturbed
    assert_freed(stack, job_id)


def _has_map(stack: Deployed, job: Job) -> bool:
    return bool(stack.client.states.list_map_runs(executionArn=job["execution_arn"])["mapRuns"])


@pytest.mark.aws("sfn-map-dispatch")
def test_chunks_that_start_one_at_a_time_are_all_rendered_once(
    stack: Deployed, clip: str, job_id: str, undisturbed: bytes
) -> None:
    with reserved(stack, "RenderChunk", 1):
        job = stack.run({"source": clip, **THREE_CHUNKS, "job_id": job_id})
    failures = chunk_failures(stack, job)
    assert len(failures) == 3
    assert {name for names in failures.values() for name in names} == {THROTTLED}
    assert stack.made(job) == undisturbed
    assert_freed(stack, job_id)
