"""Damage between the states is found before anything is published, and repaired by a new start."""

import os
import signal
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from functions.shared.media_store import Keys
from reelwright.direct import Job
from tests.integration.conftest import CLIP, CLIP_FRAMES, Deployed
from tests.polling import until

CHUNK_S = 2.6
OUTPUT = {"name": "small", "height": 90, "video": {"preset": "ultrafast"}}


def test_a_part_with_a_frame_missing_fails_its_job_and_is_mended_by_a_new_start(
    stack: Deployed, clip: str, job_id: str, tmp_path: Path, ffmpeg: Path
) -> None:
    client = stack.client
    request = {"source": clip, "render": {"outputs": [OUTPUT]}, "chunk_s": CHUNK_S}
    model = stack.run(request)
    assert model["status"] == "COMPLETE", model.get("error")
    good = Keys(model["job_id"]).chunk("small", 1)
    short = tmp_path / "short.mp4"
    whole = client.download(good, tmp_path)
    command = [ffmpeg, "-v", "error", "-i", whole, "-frames:v", "50", "-c", "copy", short]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    found = client.store.head(good)
    assert found is not None
    client.store.upload(Keys(job_id).chunk("small", 1), short, "video/mp4", found.metadata)

    job = stack.run({**request, "job_id": job_id})
    assert (job["status"], job["error"]["name"]) == ("FAILED", "PartMismatch")
    assert "chunk 1" in job["error"]["message"].lower()
    assert client.store.head(Keys(job_id).output("small")) is None
    assert client.store.head(Keys(job_id).result) is None

    client.store.s3.delete_object(Bucket=client.store.bucket, Key=Keys(job_id).chunk("small", 1))
    kept = written_at(stack, Keys(job_id).chunk("small", 0))
    assert stack.execution(client.start({**request, "job_id": job_id}))["status"] == "SUCCEEDED"
    mended = stack.wait(job_id)
    assert (mended["status"], mended["attempts"]) == ("COMPLETE", 2)
    assert written_at(stack, Keys(job_id).chunk("small", 0)) == kept
    assert written_at(stack, Keys(job_id).chunk("small", 1)) >= kept
    assert client.result(mended)["outputs"][0]["frames"] == CLIP_FRAMES


def written_at(stack: Deployed, key: str) -> datetime:
    store = stack.client.store
    return store.s3.head_object(Bucket=store.bucket, Key=key)["LastModified"]


@pytest.mark.embedded_only
def test_a_worker_killed_in_mid_chunk_is_replaced_and_nothing_is_doubled(
    stack: Deployed, job_id: str
) -> None:
    source = stack.client.upload(CLIP)
    slow = {"name": "slow", "height": 360, "video": {"preset": "slower"}}
    request = {"source": source, "render": {"outputs": [slow]}, "chunk_s": 6.5}
    stack.client.submit({**request, "job_id": job_id})
    encoder = until(lambda: _encoder_of(source.split("/")[-2]), "a chunk's ffmpeg", 30)
    worker = _parent(encoder)
    os.kill(worker, signal.SIGKILL)
    until(lambda: None if _alive(encoder) else True, "ffmpeg to end with its worker", 10)
    job = stack.wait(job_id)
    assert job["status"] == "COMPLETE", job.get("error")
    assert stack.client.result(job)["outputs"][0]["frames"] == CLIP_FRAMES
    plan = stack.client.plan(job_id)
    assert plan is not None
    names = [key for key in stack.client.parts(job_id) if "/slow/" in key]
    assert names == [Keys(job_id).chunk("slow", chunk.index) for chunk in plan.chunks]
    undisturbed = stack.run(request)
    assert bytes_of(stack, job) == bytes_of(stack, undisturbed)


def bytes_of(stack: Deployed, job: Job) -> bytes:
    return stack.client.store.read(stack.client.result(job)["outputs"][0]["key"])


def _encoder_of(upload: str) -> int | None:
    """The process id of an ffmpeg that encodes a chunk of what was uploaded."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if (
            b"ffmpeg" in command.split(b"\0")[0]
            and b"libx264" in command
            and upload.encode() in command
        ):
            return int(entry.name)
    return None


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])


def _alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
