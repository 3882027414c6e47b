"""S3 fails: for a moment, for good, or by losing the word of what it did."""

from typing import Any

import pytest

from functions.shared.media_store import Keys
from tests.integration.changes import (
    assert_freed,
    assert_unpublished,
    behind,
    chunk_failures,
    kill_workers,
    open_uploads,
)
from tests.integration.conftest import Deployed
from tests.integration.faulty_wire import FaultyWire, Outcome, cut_short, dropped, lost, refused
from tests.integration.jobs import PICTURE, THREE_CHUNKS
from tests.polling import until

pytestmark = pytest.mark.embedded_only


def test_uploads_that_fail_for_a_moment_are_made_again(
    stack: Deployed, clip: str, job_id: str, wire: FaultyWire, undisturbed: bytes
) -> None:
    keys = Keys(job_id)
    with behind(stack, wire, "RenderChunk", "RenderAudio"):
        faults = [
            wire.on("PUT", keys.chunk("small", 0), outcome=refused(503, "SlowDown"), times=2),
            wire.on("PUT", keys.chunk("small", 1), outcome=dropped, times=2),
            wire.on("PUT", keys.chunk("small", 2), outcome=lost),
            wire.on("PUT", f"{keys.parts}audio/", outcome=refused(500, "InternalError")),
            wire.on("GET", keys.plan, outcome=cut_short, times=2),
        ]
        job = stack.run({"source": clip, **THREE_CHUNKS, "job_id": job_id})
    assert [fault.met for fault in faults] == [2, 2, 1, 1, 2]
    assert stack.made(job) == undisturbed
    assert_freed(stack, job_id)


DONE_BUT = refused(500, "InternalError", though_done=True)
PUBLISHING = {
    "its answer is an error": [DONE_BUT],
    "its answer is lost": [lost],
    "asked again S3 knows no such upload": [DONE_BUT, refused(404, "NoSuchUpload")],
    "asked again S3 finds the key taken": [lost, refused(412, "PreconditionFailed")],
}


@pytest.mark.parametrize("outcomes", PUBLISHING.values(), ids=PUBLISHING)
def test_a_file_whose_publishing_was_done_unheard_is_published_once(
    stack: Deployed,
    clip: str,
    job_id: str,
    wire: FaultyWire,
    undisturbed: bytes,
    outcomes: list[Outcome],
) -> None:
    completing = ("POST", Keys(job_id).output("small"), "uploadId=")
    with behind(stack, wire, "AssembleRender"):
        faults = [wire.on(*completing, outcome=outcome) for outcome in outcomes]
        job = stack.run({"source": clip, **THREE_CHUNKS, "job_id": job_id})
    assert all(fault.met == 1 for fault in faults)
    assert stack.made(job) == undisturbed
    assert open_uploads(stack, job_id) == 0
    assert_freed(stack, job_id)


@pytest.mark.parametrize("done", [False, True], ids=["before it is published", "after"])
def test_an_assembler_that_is_killed_at_publishing_is_replaced(
    stack: Deployed, clip: str, job_id: str, wire: FaultyWire, undisturbed: bytes, *, done: bool
) -> None:
    with behind(stack, wire, "AssembleRender"):
        held = wire.hold("POST", Keys(job_id).output("small"), "uploadId=", done=done)
        stack.client.submit({"source": clip, **THREE_CHUNKS, "job_id": job_id})
        until(held.is_here, "the file to be published", 60)
        assert (stack.client.store.head(Keys(job_id).output("small")) is not None) == done
        kill_workers(stack, wire, "AssembleRender")
        held.drop()
        assert stack.made(stack.wait(job_id)) == undisturbed
    assert_freed(stack, job_id)


def test_a_part_of_the_file_that_is_lost_on_its_way_is_sent_again(
    stack: Deployed, clip: str, job_id: str, wire: FaultyWire, undisturbed: bytes
) -> None:
    with behind(stack, wire, "AssembleRender"):
        faults = [
            wire.on("PUT", "partNumber=1", outcome=dropped),
            wire.on("PUT", Keys(job_id).result, outcome=refused(503, "ServiceUnavailable")),
        ]
        job = stack.run({"source": clip, **THREE_CHUNKS, "job_id": job_id})
    assert [fault.met for fault in faults] == [1, 1]
    assert stack.made(job) == undisturbed


def test_a_part_that_can_not_be_kept_fails_its_job_by_name_and_number(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire
) -> None:
    with behind(stack, wire, "RenderChunk"):
        wire.on(
            "PUT", Keys(job_id).chunk("small", 1), outcome=refused(403, "AccessDenied"), times=99
        )
        stack.client.submit({"source": clip, **THREE_CHUNKS, "job_id": job_id, "order_key": key})
        behind_it = stack.client.submit({"source": clip, **PICTURE, "order_key": key})
        error = failed(stack, job_id)
    assert (error["name"], error["state"], error["chunk"]) == ("AwsRefused", "Render Chunk", 1)
    assert "AccessDenied" in error["message"]
    assert_unpublished(stack, job_id)
    assert stack.wait(behind_it)["status"] == "COMPLETE"
    assert_freed(stack, job_id, behind_it)


def failed(stack: Deployed, job_id: str, seconds: float = 90) -> dict[str, Any]:
    job = stack.wait(job_id, seconds)
    assert job["status"] == "FAILED"
    error: dict[str, Any] = job["error"]
    return error


def test_a_file_that_can_not_be_published_fails_its_job_by_name(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire
) -> None:
    with behind(stack, wire, "AssembleRender"):
        wire.on("POST", "uploadId=", outcome=refused(403, "AccessDenied"), times=99)
        stack.client.submit({"source": clip, **THREE_CHUNKS, "job_id": job_id, "order_key": key})
        behind_it = stack.client.submit({"source": clip, **PICTURE, "order_key": key})
        error = failed(stack, job_id)
    assert (error["name"], error["state"]) == ("AwsRefused", "Assemble Render")
    assert "AccessDenied" in error["message"]
    assert_unpublished(stack, job_id)
    assert open_uploads(stack, job_id) == 0
    assert stack.wait(behind_it)["status"] == "COMPLETE"
    assert_freed(stack, job_id, behind_it)


@pytest.mark.slow
def test_a_store_that_never_answers_whole_fails_the_job_when_all_attempts_are_used(
    stack: Deployed, clip: str, job_id: str, key: str, wire: FaultyWire
) -> None:
    one_by_one = {"source": clip, **THREE_CHUNKS, "max_parallel": 1, "order_key": key}
    with behind(stack, wire, "RenderChunk"):
        wire.on("GET", Keys(job_id).plan, outcome=cut_short, times=99)
        stack.client.submit({**one_by_one, "job_id": job_id})
        behind_it = stack.client.submit({"source": clip, **PICTURE, "order_key": key})
        job = stack.wait(job_id)
    error = job["error"]
    assert (error["name"], error["state"], error["chunk"]) == ("TransientError", "Render Chunk", 0)
    assert chunk_failures(stack, job)[0] == ["TransientError"] * 6
    assert_unpublished(stack, job_id)
    assert stack.wait(behind_it)["status"] == "COMPLETE"
    assert_freed(stack, job_id, behind_it)
