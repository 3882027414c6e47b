"""The whole embedded AWS is stopped and started between submit and finish: every job still ends."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, REGION
from reelwright.direct import DirectClient
from tests.integration.changes import is_, reconcile, turns_of, uncalled
from tests.integration.conftest import ASSEMBLY, CLIP, STACK, Deployed
from tests.polling import until

pytestmark = pytest.mark.embedded_only
SMALL = {"outputs": [{"name": "small", "height": 90, "video": {"preset": "ultrafast"}}]}
LONG = {"outputs": [{"name": "long", "height": 360, "video": {"preset": "medium"}}]}
STOPPED = "EmbeddedAwsStopped"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory, zips: Path) -> Iterator[EmbeddedAws]:
    """An engine that only this file stops."""
    home = tmp_path_factory.mktemp("restarted")
    (home / "zips").symlink_to(zips)
    with EmbeddedAws(home) as running:
        deploy(ASSEMBLY, STACK, running)
        yield running


@pytest.fixture
def own(aws: EmbeddedAws) -> Deployed:
    return found(aws)


def found(aws: EmbeddedAws) -> Deployed:
    """The stack as it is there, without a deploy."""
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    session = boto3.Session(ACCOUNT, "test", region_name=REGION)
    return Deployed(DirectClient.connect(outputs, session, aws.endpoint), aws)


def stop(aws: EmbeddedAws) -> None:
    assert aws.stop()


def kill(aws: EmbeddedAws) -> None:
    os.kill((aws.note or {})["pid"], signal.SIGKILL)


def one_running_one_waiting_one_sent(stack: Deployed) -> tuple[dict[str, Any], str, str, str]:
    """The first one's request, and the ids of all; they share a lane."""
    key = f"key-{uuid.uuid4().hex[:8]}"
    clip = stack.client.upload(CLIP)
    slow = {"source": clip, "render": LONG, "chunk_s": 1.3, "max_parallel": 1, "order_key": key}
    quick = {"source": clip, "render": SMALL, "order_key": key}
    running = stack.client.submit(slow)
    waiting = stack.client.submit(quick)
    until(lambda: next(stack.client.parts(running), None), "the first part", 60)
    # It can't end before the engine does, however long saving takes.
    stack.client.functions.put_function_concurrency(
        FunctionName=stack.function("RenderChunk"), ReservedConcurrentExecutions=0
    )
    until(is_(stack, waiting, "WAITING"), "the second to wait", 30)
    until(lambda: token_is_stored(stack, waiting), "its token", 30)
    return slow, running, waiting, stack.client.submit(quick)


def release(stack: Deployed) -> None:
    """Chunks may be rendered again."""
    stack.client.functions.delete_function_concurrency(FunctionName=stack.function("RenderChunk"))


def token_is_stored(stack: Deployed, job_id: str) -> bool | None:
    (turn,) = [turn for turn in stack.client.jobs.turns.all() if turn.job_id == job_id]
    return True if turn.tokens else None


def is_saved(aws: EmbeddedAws, text: str) -> bool | None:
    path = aws.home.kept_path / "state"
    return True if path.exists() and text.encode() in path.read_bytes() else None


def assert_all_is_free(stack: Deployed, *job_ids: str) -> None:
    assert turns_of(stack, *job_ids) == []
    assert stack.client.jobs.turns.granted() == 0


@pytest.mark.slow
@pytest.mark.parametrize("end", [stop, kill])
def test_a_running_a_waiting_and_a_sent_job_end(own: Deployed, aws: EmbeddedAws, end: Any) -> None:
    request, running, waiting, sent = one_running_one_waiting_one_sent(own)
    parts = set(own.client.parts(running))
    if end is kill:
        until(lambda: is_saved(aws, sent), "the three to be saved", 60)
    end(aws)
    aws.start()

    stack = found(aws)
    job = stack.wait(running, 30)
    assert (job["status"], job["error"]["name"]) == ("FAILED", STOPPED)
    release(stack)
    assert [stack.wait(job_id)["status"] for job_id in (waiting, sent)] == ["COMPLETE"] * 2
    assert int(stack.wait(waiting)["attempts"]) == 1, "it waited on"
    assert_all_is_free(stack, running, waiting, sent)

    if end is kill:
        return
    # Started again it takes the parts there are.
    kept = {part: head(stack, part) for part in parts}
    stack.client.start({**request, "job_id": running})
    until(is_(stack, running, "COMPLETE"), "the job to end after all", 200)
    assert {part: head(stack, part) for part in parts} == kept
    assert_all_is_free(stack, running)


def head(stack: Deployed, key: str) -> Any:
    found = stack.client.store.head(key)
    assert found is not None
    return found


@pytest.mark.slow
def test_a_job_whose_end_no_event_told_of_is_ended_by_the_reconciler(
    own: Deployed, aws: EmbeddedAws
) -> None:
    with uncalled(own, "FinishJob"):
        _, *ids = one_running_one_waiting_one_sent(own)
        aws.stop()
        aws.start()
        stack = found(aws)
        until(lambda: reconcile(stack) and stack.ended(ids[0]), "the running job to end", 30)
        release(stack)
        jobs = [stack.wait(job_id) for job_id in ids]
    assert [job["status"] for job in jobs] == ["FAILED", "COMPLETE", "COMPLETE"]
    assert_all_is_free(stack, *ids)


@pytest.mark.slow
@pytest.mark.parametrize(
    "state",
    ["Claim Job", "Wait For Turn", "Plan Render", "Assemble Render", "Finish Job"],
)
def test_a_stop_in_any_state_leaves_the_job_ended(
    own: Deployed, aws: EmbeddedAws, job_id: str, state: str
) -> None:
    arn = own.client.start({"source": own.client.upload(CLIP), "render": SMALL, "job_id": job_id})
    until(lambda: any(s.name == state for s in own.client.stages(arn)), state, 60)
    aws.stop()
    aws.start()
    stack = found(aws)
    job = stack.wait(job_id)
    assert job["status"] == "COMPLETE" or job["error"]["name"] == STOPPED
    assert (stack.client.store.head(job.get("result_key", "none")) is not None) == (
        job["status"] == "COMPLETE"
    )
    assert_all_is_free(stack, job_id)
