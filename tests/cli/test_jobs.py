"""Jobs from a file to their results, as scripts send them."""

import json
import signal
import subprocess
from pathlib import Path

import av
import pytest

from local.embedded import EmbeddedAws
from tests.cli.conftest import CLIP, PROGRAM, CommandLine
from tests.polling import until

QUICK = ("--height", "90", "--preset", "ultrafast")
SLOW = ("--height", "360", "--preset", "slow")
FOLLOWING = "reelwright-follow-"


def test_a_file_is_rendered_and_its_results_are_here(reelwright: CommandLine) -> None:
    ran = reelwright("render", str(CLIP), *QUICK, "--snapshots", "2", "-o", "talk.mp4", "--json")
    assert (ran.code, ran.err) == (0, "")
    shown = ran.json
    assert shown["duration_s"] > 13
    paths = [file["path"] for file in shown["files"]]
    assert paths == ["talk.mp4", *[f"talk-snapshots/0000{n}-480.jpg" for n in (0, 1)]]
    for path, made in zip(paths, [*shown["outputs"], *shown["snapshots"]], strict=True):
        assert (reelwright.folder / path).stat().st_size == made["size_bytes"]
    with av.open(str(reelwright.folder / "talk.mp4")) as opened:
        assert opened.streams.video[0].height == 90
        assert sum(1 for _ in opened.decode(opened.streams.video[0])) == 390
    here = {file.name for file in reelwright.folder.iterdir()}
    assert here == {"talk.mp4", "talk-snapshots"}


def test_pictures_are_taken_and_told_in_plain_text(reelwright: CommandLine) -> None:
    ran = reelwright("snapshots", str(CLIP), "--at", "0", "--at", "6.5", "--width", "160")
    assert ran.code == 0, ran.err
    (folder,) = reelwright.folder.glob("clip-*")
    assert sorted(file.name for file in folder.rglob("*.jpg")) == [
        "00000-160.jpg",
        "00001-160.jpg",
    ]
    assert f"{folder.name}/snapshots/00001-160.jpg  160x90, at 6.4" in ran.out
    assert "\x1b" not in ran.out + ran.err
    assert "uploading 428,666 bytes" in ran.err.splitlines()


def test_a_job_that_fails_says_why_in_one_line_and_its_logs_say_more(
    reelwright: CommandLine,
) -> None:
    (reelwright.folder / "notes.mp4").write_text("not a video " * 1000)
    ran = reelwright("render", "notes.mp4", "--json")
    assert (ran.code, ran.json["status"]) == (1, "FAILED")
    job_id = ran.json["job_id"]
    (said,) = ran.err.splitlines()
    assert said.startswith(f"reelwright: Job {job_id} is FAILED: SourceNotMedia: ")
    assert said.endswith(f"see `reelwright logs {job_id}`")

    def logged() -> list[str] | None:
        records = reelwright("logs", job_id, "--json").json["records"]
        functions = [record["service"] for record in records]
        assert {record["job_id"] for record in records} == {job_id}
        return functions if "finish_job" in functions else None

    functions = until(logged, "the job's logs")
    order = [functions.index(name) for name in ("handle_api", "plan_render", "finish_job")]
    assert order == sorted(order)
    text = reelwright("logs", job_id).out
    assert any("plan_render" in line and "WARNING" in line for line in text.splitlines())
    assert reelwright("job", job_id, "--watch").code == 1


@pytest.mark.usefixtures("held")
def test_jobs_sent_ahead_are_listed_cancelled_and_not_sent_twice(
    reelwright: CommandLine, aws: EmbeddedAws, outputs: dict[str, str]
) -> None:
    me = reelwright("whoami", "--json").json["sub"]
    bucket, key = outputs["MediaBucketName"], f"uploads/{me}/clip.mp4"
    aws.client("s3").upload_file(str(CLIP), bucket, key)
    mine = ("--no-wait", "--order-key", "mine", "--idempotency-key", "k1")
    words = ("render", f"s3://{bucket}/{key}", *mine)
    first, second = (reelwright(*words, *SLOW) for _ in range(2))
    assert (first.code, first.out) == (0, second.out)
    assert reelwright(*words, *QUICK).code == 6
    job_id = first.out.strip()
    listed = reelwright("jobs", "--order-key", "mine", "--json").json["jobs"]
    assert [job["job_id"] for job in listed] == [job_id]
    assert reelwright("cancel", job_id).code == 0
    assert reelwright("job", job_id, "--watch").code == 5
    assert reelwright("cancel", "none").code == 4


def test_a_bucket_that_may_not_be_read_is_refused(reelwright: CommandLine) -> None:
    ran = reelwright("render", "s3://nobodys-bucket/a.mp4", "--no-wait")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "nobodys-bucket" in ran.err


@pytest.mark.usefixtures("held")
def test_stopped_without_a_terminal_a_job_goes_on(reelwright: CommandLine) -> None:
    with reelwright.started("render", str(CLIP), *SLOW) as running:
        assert running.stderr is not None
        while "planning" not in (line := running.stderr.readline()) and "rendering" not in line:
            assert line, running.wait()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (130, "")
    said = err.splitlines()[-1]
    assert said.startswith("Stopped watching. Job ")
    job_id = said.split()[3]
    assert reelwright("job", job_id, "--json").json["status"] == "RUNNING"
    assert reelwright("cancel", job_id, "--json").code == 0


def test_events_are_shown_as_they_happen_and_nothing_is_left_behind(
    reelwright: CommandLine, aws: EmbeddedAws, outputs: dict[str, str]
) -> None:
    def left() -> list[str]:
        queues = aws.client("sqs").list_queues(QueueNamePrefix=FOLLOWING).get("QueueUrls", [])
        rules = aws.client("events").list_rules(
            EventBusName=outputs["EventBusName"], NamePrefix=FOLLOWING
        )["Rules"]
        return [*queues, *(rule["Name"] for rule in rules)]

    with reelwright.started("events", "--follow", "--json") as following:
        assert following.stderr is not None
        assert following.stdout is not None
        assert "Waiting for events" in following.stderr.readline()
        assert len(left()) == 2
        sent = reelwright("snapshots", str(CLIP), "--count", "1", "--json")
        assert sent.code == 0, sent.err
        seen: list[str] = []
        while "Job Completed" not in seen:
            event = json.loads(following.stdout.readline())
            if event["detail"]["job_id"] == sent.json["job_id"]:
                seen.append(event["detail-type"])
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=30) == 0
    assert seen == ["Job Queued", "Job Waiting", "Job Started", "Job Completed"]
    assert left() == []


def test_a_reader_that_stops_reading_is_no_error(reelwright: CommandLine) -> None:
    words = f"{PROGRAM} jobs --json | true; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(
        ["bash", "-c", words],
        env=reelwright.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "141"
    assert ran.stderr == ""


def test_where_no_embedded_aws_is_up_the_next_step_is_said(tmp_path: Path) -> None:
    ran = CommandLine(tmp_path, tmp_path)("jobs")
    assert ran.code == 3
    assert "reelwright local up" in ran.err
    assert ran.err.count("\n") == 1


def test_words_are_completed(reelwright: CommandLine) -> None:
    asked = {"_REELWRIGHT_COMPLETE": "complete_bash", "COMP_WORDS": "reelwright sna"}
    assert reelwright.given(**asked, COMP_CWORD="1")().out.split() == ["snapshots"]
    words = {**asked, "COMP_WORDS": "reelwright render --preset ultra"}
    assert reelwright.given(**words, COMP_CWORD="3")().out.split() == ["ultrafast"]
