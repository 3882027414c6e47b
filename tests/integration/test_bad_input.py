"""Bad input ends with a named error and one sentence, and hurts no other job."""

import json
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import CLIP, Deployed
from tests.polling import until

RENDER = {"outputs": [{"height": 90, "video": {"preset": "ultrafast"}}]}


@pytest.fixture
def submit_text(stack: Deployed) -> Callable[[str], str]:
    """Put a message on the queue; the job it becomes has the message's id."""

    def send(body: str) -> str:
        mark = uuid.uuid4().hex
        return stack.client.send(body, group=mark, deduplication=mark)

    return send


def check_one_sentence(message: str) -> None:
    assert message.endswith((".", "…"))
    assert "\n" not in message
    assert "Traceback" not in message
    assert "X-Amz-" not in message
    assert len(message) < 1000


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        (" ", "InvalidRequest", "empty"),
        ("render my video please", "InvalidRequest", "not JSON"),
        ('{"source": ', "InvalidRequest", "not JSON"),
        ({"render": RENDER}, "InvalidRequest", "source is missing"),
        (
            {"source": "s3://bucket/key", "redner": RENDER},
            "InvalidRequest",
            "did you mean render?",
        ),
        ({"source": "file:///etc/passwd", "render": RENDER}, "InvalidRequest", "'file'"),
        ({"source": "http://169.254.169.254/", "render": RENDER}, "InvalidRequest", "'http'"),
        ({"source": "https://169.254.169.254/", "render": RENDER}, "InvalidRequest", "public"),
        ({"source": "concat:a.mp4|b.mp4", "render": RENDER}, "InvalidRequest", "'concat'"),
        (
            {"source": "s3://somebody-elses-bucket/a.mp4", "render": RENDER},
            "SourceNotAllowed",
            "somebody-elses-bucket",
        ),
    ],
)
def test_what_can_never_run_is_rejected_and_starts_nothing(
    stack: Deployed, submit_text: Callable[[str], str], body: Any, error: str, said: str
) -> None:
    job_id = submit_text(body if isinstance(body, str) else json.dumps(body))
    job = stack.wait(job_id, 30)
    assert (job["status"], job["error"]["name"]) == ("REJECTED", error)
    assert said in job["error"]["message"]
    check_one_sentence(job["error"]["message"])
    assert "execution_arn" not in job


def made(folder: Path, ffmpeg: Path, kind: str) -> bytes:  # noqa: PLR0911 - one for each kind
    """A file that is not what a render needs."""
    clip = CLIP.read_bytes()
    match kind:
        case "text":
            return b"This is a letter and not a video.\n" * 100
        case "noise":
            return bytes(i * 7919 % 251 for i in range(50_000))
        case "empty":
            return b""
        case "truncated":
            return clip[: len(clip) // 2]
        case "playlist":
            return b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n"
        case "sound":
            file = folder / "sound.m4a"
            command = [ffmpeg, "-v", "error", "-i", CLIP, "-vn", "-c:a", "copy", file]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            return file.read_bytes()
        case "encrypted":
            file = folder / "encrypted.mp4"
            scheme = ["-encryption_scheme", "cenc-aes-ctr"]
            keys = ["-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb"]
            kid = ["-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"]
            command = [ffmpeg, "-v", "error", "-i", CLIP, "-c", "copy", *scheme, *keys, *kid, file]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            return file.read_bytes()
    raise ValueError(kind)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("text", "SourceNotMedia"),
        ("noise", "SourceNotMedia"),
        ("playlist", "SourceNotMedia"),
        ("empty", "SourceEmpty"),
        ("truncated", "SourceTruncated"),
        ("sound", "SourceHasNoVideo"),
        ("encrypted", "SourceEncrypted"),
    ],
)
def test_a_file_that_cannot_be_rendered_fails_at_planning_by_name(
    stack: Deployed, tmp_path: Path, ffmpeg: Path, kind: str, error: str
) -> None:
    file = tmp_path / "source.mp4"
    file.write_bytes(made(tmp_path, ffmpeg, kind))
    job = stack.run({"source": stack.client.upload(file), "render": RENDER}, 60)
    assert job["status"] == "FAILED"
    assert (job["error"]["name"], job["error"]["state"]) == (error, "Plan Render")
    check_one_sentence(job["error"]["message"])
    execution = stack.execution(job["execution_arn"])
    assert (execution["status"], execution["error"]) == ("FAILED", error)
    tries = [one for one in stack.client.stages(job["execution_arn"]) if one.name == "Plan Render"]
    assert len(tries) == 1


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("s3://{bucket}/uploads/none.mp4", "SourceUnreachable"),
        ("https://localhost/a.mp4", "SourceNotAllowed"),
        ("https://0x7f.1/a.mp4", "SourceNotAllowed"),
    ],
)
def test_a_source_that_cannot_be_reached_or_must_not_be(
    stack: Deployed, source: str, error: str
) -> None:
    where = source.format(bucket=stack.client.store.bucket)
    job = stack.run({"source": where, "render": RENDER}, 60)
    assert (job["status"], job["error"]["name"]) == ("FAILED", error)
    check_one_sentence(job["error"]["message"])


def test_a_snapshot_outside_the_source_is_named(stack: Deployed, clip: str) -> None:
    job = stack.run({"source": clip, "snapshots": {"at_s": [1.0, 99.0]}}, 60)
    assert (job["status"], job["error"]["name"]) == ("FAILED", "SnapshotOutsideSource")
    assert "99" in job["error"]["message"]


def test_a_direct_start_with_a_bad_request_fails_and_is_recorded(
    stack: Deployed, job_id: str
) -> None:
    arn = stack.client.start({"sorce": "s3://bucket/key"}, name=job_id)
    execution = stack.execution(arn)
    assert (execution["status"], execution["error"]) == ("FAILED", "InvalidRequest")
    job = until(lambda: stack.client.job(job_id), "the rejected row", 30)
    assert job["status"] == "REJECTED"


def test_good_jobs_among_bad_ones_are_rendered(stack: Deployed, clip: str, tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_bytes(b"Dear renderer,\n")
    bad = stack.client.upload(letter)
    sources = [bad, clip, bad, clip]
    ids = [stack.client.submit({"source": one, "render": RENDER}) for one in sources]
    ended = [stack.wait(one)["status"] for one in ids]
    assert ended == ["FAILED", "COMPLETE", "FAILED", "COMPLETE"]
