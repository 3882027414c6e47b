"""A job renders end to end, whichever way it comes in."""

import itertools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import pytest

from functions.shared.cost import Buying, cost_of
from functions.shared.media_store import Keys
from functions.shared.receipts import receipts_of
from reelwright.direct import Job
from tests.integration.conftest import CLIP_FRAMES, Deployed
from tests.integration.log_lines import lines_of
from tests.metric_lines import metrics_in
from tests.polling import until

FAST = {"video": {"preset": "ultrafast"}}


def small(clip: str, **more: Any) -> dict[str, Any]:
    """A job of five chunks that takes a moment."""
    return {
        "source": clip,
        "render": {"outputs": [{"name": "small", "height": 90, **FAST}]},
        "chunk_s": 2.6,
        **more,
    }


@pytest.mark.aws("s3-consistency")
@pytest.mark.aws("metrics")
def test_a_message_becomes_a_verified_file_and_pictures(
    stack: Deployed, clip: str, tmp_path: Path
) -> None:
    outputs = [{"name": "full", **FAST}, {"name": "small", "height": 90, **FAST}]
    job = stack.run(
        {
            "source": clip,
            "render": {"outputs": outputs},
            "snapshots": {"at_s": [0.0, 6.5, 13.0], "widths": [160, 320]},
            "chunk_s": 4.0,
        }
    )
    assert job["status"] == "COMPLETE", job.get("error")
    result = stack.client.result(job)
    check_cost(stack, job, result)
    check_metrics(stack, job)
    check_lines(stack, job)
    for made, height in zip(result["outputs"], (270, 90), strict=True):
        file = stack.client.download(made["key"], tmp_path)
        assert file.stat().st_size == made["size_bytes"]
        with av.open(str(file)) as opened:
            video, audio = opened.streams.video[0], opened.streams.audio[0]
            assert (video.height, video.average_rate) == (height, video.average_rate)
            assert sum(1 for _ in opened.decode(video)) == CLIP_FRAMES
            assert audio.codec_context.name == "aac"
    assert len(result["snapshots"]) == 6
    for picture in result["snapshots"]:
        with av.open(str(stack.client.download(picture["key"], tmp_path))) as opened:
            assert opened.streams.video[0].width in {160, 320}
    execution = stack.execution(job["execution_arn"])
    assert execution["status"] == "SUCCEEDED"
    assert len(execution["input"]) < 4096


def check_cost(stack: Deployed, job: Job, result: dict[str, Any]) -> None:
    """The record says what the result says; each chunk was paid for, and nothing left out."""
    cost = result["cost"]
    assert job["cost"]["usd"] == job["cost_usd"] == Decimal(str(cost["usd"]))
    items = {name: Decimal(str(usd)) for name, usd in cost["items"].items()}
    assert sum(items.values()) == job["cost_usd"]
    assert all(items.values())
    receipts, is_whole = receipts_of(stack.client.store, job["job_id"])
    of_chunks = [one for one in receipts if one.function == "render_chunk"]
    chunks = len(stack.client.store.read_plan(job["job_id"]).chunks)
    assert is_whole
    assert len(of_chunks) >= chunks > 1
    settings = stack.configuration("AssembleRender")["Environment"]["Variables"]
    buying = Buying.read(settings["CHUNK_EXECUTION_TYPE"], settings["PARTS_EXPIRE_DAYS"])
    others = [one for one in receipts if one not in of_chunks]
    paid = [cost_of([*others, *of_chunks[:n]], buying).usd for n in range(chunks + 1)]
    assert all(fewer < more for fewer, more in itertools.pairwise(paid))
    assert paid[-1] < job["cost_usd"]  # which has Assemble Render besides


def check_metrics(stack: Deployed, job: Job) -> None:
    """All that a job adds to the metrics is in the log, once it is announced."""

    def said() -> dict[str, float] | None:
        found = lines_of(stack, "AnnounceJob", job["job_id"])
        metrics = {name: value for line in found for name, value in metrics_in(line).items()}
        return metrics if {"Failed", "CostUsd"} <= set(metrics) else None

    metrics = until(said, "the job's end to be announced", 60)
    assert set(metrics) == {"WaitSeconds", "Failed", "RenderSeconds", "Snapshots", "CostUsd"}
    assert (metrics["Failed"], metrics["Snapshots"]) == (0, 6)
    assert metrics["CostUsd"] == float(job["cost_usd"])
    assert 0 <= metrics["WaitSeconds"] < 60
    assert 0 < metrics["RenderSeconds"] < 90


def check_lines(stack: Deployed, job: Job) -> None:
    """Each line of a chunk's function says its job, its execution and its chunk."""
    found = lines_of(stack, "RenderChunk", job["job_id"])
    assert {line["execution_arn"] for line in found} == {job["execution_arn"]}
    chunks = stack.client.store.read_plan(job["job_id"]).chunks
    assert {line["index"] for line in found} == {chunk.index for chunk in chunks}


def test_an_execution_started_by_hand_takes_the_same_json(
    stack: Deployed, clip: str, job_id: str
) -> None:
    arn = stack.client.start(small(clip), name=job_id)
    assert stack.execution(arn)["status"] == "SUCCEEDED"
    assert stack.wait(job_id)["status"] == "COMPLETE"


def test_pictures_alone(stack: Deployed, clip: str) -> None:
    job = stack.run({"source": clip, "snapshots": {"every_s": 5.0, "format": "png"}})
    assert job["status"] == "COMPLETE", job.get("error")
    result = stack.client.result(job)
    assert result["outputs"] == []
    assert [picture["key"].rsplit("/", 1)[1] for picture in result["snapshots"]] == [
        "00000-480.png",
        "00001-480.png",
        "00002-480.png",
    ]


@pytest.mark.aws("sfn-start")
def test_a_second_execution_of_a_job_ends_without_effect(
    stack: Deployed, clip: str, job_id: str
) -> None:
    request = small(clip, job_id=job_id)
    first, second = stack.client.start(request), stack.client.start(request)
    ended = [stack.execution(arn) for arn in (first, second)]
    assert {one["status"] for one in ended} == {"SUCCEEDED"}
    job = stack.wait(job_id)
    assert job["attempts"] == 1
    idle = second if job["execution_arn"] == first else first
    names = [stage.name for stage in stack.client.stages(idle)]
    assert names[-1] == "Already Claimed"
    assert "Plan Render" not in names


@pytest.mark.aws("sqs-dedup")
def test_a_message_sent_twice_renders_once(stack: Deployed, clip: str, job_id: str) -> None:
    body = json.dumps(small(clip, job_id=job_id))
    for deduplication in ("one", "two"):
        stack.client.send(body, group=job_id, deduplication=f"{job_id}-{deduplication}")
    job = stack.wait(job_id)
    assert (job["status"], job["attempts"]) == ("COMPLETE", 1)
    started = stack.client.states.list_executions(
        stateMachineArn=stack.client.outputs["StateMachineArn"], maxResults=100
    )["executions"]
    assert job["execution_arn"] in {one["executionArn"] for one in started}


@pytest.mark.aws("pipe-start")
def test_a_job_is_never_complete_before_its_verified_file_is_there(
    stack: Deployed, clip: str
) -> None:
    slow = {"name": "slow", "height": 360, "video": {"preset": "slower"}}
    job_id = stack.client.submit({"source": clip, "render": {"outputs": [slow]}, "chunk_s": 4.0})
    seen: list[tuple[str, bool]] = []

    def look() -> bool | None:
        row = stack.client.job(job_id)
        status = str(row["status"]) if row else "SENT"
        there = stack.client.store.head(Keys(job_id).output("slow")) is not None
        seen.append((status, there))
        return True if status in {"COMPLETE", "FAILED"} else None

    until(look, "the slow job to end", 120)
    statuses = list(dict.fromkeys(status for status, _ in seen))
    assert statuses[-2:] == ["RUNNING", "COMPLETE"]
    assert all(there for status, there in seen if status == "COMPLETE")
    assert sum(status == "RUNNING" for status, _ in seen) > 10


def test_a_stopped_execution_ends_its_job(stack: Deployed, clip: str, job_id: str) -> None:
    arn = stack.client.start(
        small(clip, job_id=job_id, render={"outputs": [{"video": {"preset": "veryslow"}}]})
    )
    until(lambda: stack.client.plan(job_id), "the plan", 30)
    stack.client.states.stop_execution(executionArn=arn)
    job = stack.wait(job_id)
    assert (job["status"], job["error"]["name"]) == ("FAILED", "ExecutionAborted")
    assert stack.client.store.head(Keys(job_id).output("video")) is None
