"""Commands against a fake API: what is asked of it, what is printed, and how they end."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reelwright.cli.main import run
from tests.unit.reelwright.fake_api import Answer, FakeApi, job, ok, output, problem, summary

ID = job()["job_id"]
CONTENT = b"video" * 1000
COMMANDS = (
    "render",
    "snapshots",
    "jobs",
    "job",
    "cancel",
    "open",
    "logs",
    "events",
    "login",
    "logout",
    "whoami",
)


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def reelwright(
    api: FakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """The command line in an empty folder, signed in to the fake API."""
    monkeypatch.setenv("REELWRIGHT_API", api.url)
    monkeypatch.setenv("REELWRIGHT_TOKEN", "e30.eyJzdWIiOiJtZSJ9.x")
    monkeypatch.setattr("reelwright.retries.Retries.wait", lambda *_: None)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "clip.mp4").write_bytes(CONTENT)

    def ran(*arguments: str) -> Ran:
        code = run(list(arguments))
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return ran


def rendering(api: FakeApi, **more: Any) -> None:
    """An API that takes the clip and a job, and shows the job COMPLETE with one file."""
    source = "s3://media/uploads/me/clip.mp4"
    part = {"number": 1, "url": f"{api.url}/store/in", "size_bytes": len(CONTENT)}
    begun = {"source": source, "parts": [part], "upload_id": None, "complete_url": None}
    api.on("POST", "/uploads", ok({**begun, "expires_at": "2026-11-21T13:00:00Z"}, 201))
    api.on("PUT", "/store/in", Answer(headers={"ETag": '"1"'}))
    api.on("POST", "/jobs", ok(job("QUEUED", stage="queued", started_at=None), 202))
    made = {"outputs": [output(api, CONTENT)], **more}
    api.on("GET", f"/jobs/{ID}", ok(job("COMPLETE", **made)))
    api.on("GET", "/store/video", Answer(body=CONTENT))


def is_one_line(text: str) -> bool:
    return text.startswith("reelwright: ") and text.count("\n") == 1


def test_a_file_is_uploaded_rendered_and_fetched(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    ran = reelwright("render", "clip.mp4", "--height", "180", "-o", "out")
    assert ran.code == 0, ran.err
    assert Path("out/video.mp4").read_bytes() == CONTENT
    assert "is COMPLETE: 30.0 s of video in 10.0 s, 3.0×" in ran.out
    assert "out/video.mp4  320x180, 30.000 s, 5,000 bytes" in ran.out
    (sent,) = api.to("POST", "/jobs")
    assert sent.json == {
        "source": "s3://media/uploads/me/clip.mp4",
        "render": {
            "outputs": [{"name": "180p", "height": 180, "video": {"crf": 23, "preset": "medium"}}]
        },
    }


def test_every_option_of_a_job_is_sent(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    wanted = "--height 720 --height 360 --crf 20 --preset fast --name talk --snapshots 5 --no-wait"
    terms = "--order-key k --priority 7 --webhook https://example.org/hook --idempotency-key me-1"
    ran = reelwright("render", "https://example.org/a.mp4", *wanted.split(), *terms.split())
    assert (ran.code, ran.out) == (0, f"{ID}\n")
    (sent,) = api.asked
    assert sent.headers["Idempotency-Key"] == "me-1"
    video = {"crf": 20, "preset": "fast"}
    assert sent.json == {
        "source": "https://example.org/a.mp4",
        "render": {
            "outputs": [
                {"name": "talk-720p", "height": 720, "video": video},
                {"name": "talk-360p", "height": 360, "video": video},
            ]
        },
        "snapshots": {"count": 5},
        "order_key": "k",
        "priority": 7,
        "notify": {"webhook_url": "https://example.org/hook"},
    }


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--count 3 --width 160 --width 320", {"count": 3, "widths": [160, 320]}),
        ("--every 2.5 --png", {"every_s": 2.5, "format": "png"}),
        ("--at 1 --at 2.5", {"at_s": [1.0, 2.5]}),
    ],
)
def test_pictures_are_asked_for(
    api: FakeApi, reelwright: Run, words: str, wanted: dict[str, Any]
) -> None:
    rendering(api)
    ran = reelwright("snapshots", "s3://bucket/a.mp4", "--no-wait", *words.split())
    assert ran.code == 0, ran.err
    assert api.asked[0].json == {"source": "s3://bucket/a.mp4", "snapshots": wanted}


def test_json_is_one_document_and_all_there_is_on_standard_output(
    api: FakeApi, reelwright: Run
) -> None:
    rendering(api)
    ran = reelwright("render", "clip.mp4", "-o", "out", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["job_id"], ran.json["status"]) == (ID, "COMPLETE")
    assert ran.json["files"] == [{"path": "out/video.mp4", "key": f"jobs/{ID}/out/video.mp4"}]


@pytest.mark.parametrize(
    ("status", "code"), [("FAILED", 1), ("REJECTED", 1), ("CANCELLED", 5), ("COMPLETE", 0)]
)
def test_how_a_job_ended_is_the_exit_code(
    api: FakeApi, reelwright: Run, status: str, code: int
) -> None:
    rendering(api)
    error = {"name": "SourceNotMedia", "message": "It is no video.", "state": None, "chunk": None}
    ended = job(status, error=None if status == "COMPLETE" else error)
    api.on("GET", f"/jobs/{ID}", ok(ended))
    ran = reelwright("render", "clip.mp4", "--json")
    assert (ran.code, ran.json["status"]) == (code, status)
    assert ran.err == "" if code == 0 else is_one_line(ran.err)
    if code == 1:
        assert "SourceNotMedia: It is no video; see `reelwright logs" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["render", "clip.mp4", "--height", "101"], "outputs.0.height: input should be a multiple"),
        (["render", "clip.mp4", "--preset", "best"], "preset: input should be 'ultrafast'"),
        (["render", "http://example.org/a.mp4"], "the scheme 'http' is not one of s3, https"),
        (["snapshots", "clip.mp4", "--count", "2", "--every", "1"], "this has count and every_s"),
        (["snapshots", "clip.mp4"], "--count, --every, --at"),
        (["snapshots", "clip.mp4", "--count", "2", "-o", "a.jpg"], "name a folder"),
        (["render", "clip.mp4", "--height", "90", "--height", "180", "-o", "a.mp4"], "a folder"),
        (["render", "clip.mp4", "--heigth", "90"], "No such option: --heigth"),
        (["render"], "Missing argument 'SOURCE'"),
        (["rendr", "clip.mp4"], "No such command 'rendr'"),
        (["jobs", "--limit", "0"], "greater than or equal to 1"),
        (["jobs", "--status", "DONE"], "--status is one of QUEUED"),
        (["jobs", "--stack", "Reelwright"], "--stack or --api, not both"),
        (["events"], "say --follow"),
    ],
)
def test_what_is_wrong_with_a_command_is_said_before_anything_is_sent(
    api: FakeApi, reelwright: Run, arguments: list[str], said: str
) -> None:
    ran = reelwright(*arguments)
    assert (ran.code, ran.out, api.asked) == (2, "", [])
    assert said in ran.err
    assert is_one_line(ran.err)


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (problem(404, "There is no job 'x' of yours."), 4, "There is no job 'x' of yours"),
        (problem(409, "It has ended."), 6, "It has ended"),
        (ok({"message": "Unauthorized"}, 401), 3, "sign in: `reelwright login`"),
        (problem(503, "Soon."), 3, "try again later"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    api: FakeApi, reelwright: Run, answer: Answer, code: int, said: str
) -> None:
    api.on("DELETE", "/jobs/x", answer)
    ran = reelwright("cancel", "x")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert is_one_line(ran.err)


def test_a_source_that_is_not_there_is_named(api: FakeApi, reelwright: Run) -> None:
    ran = reelwright("render", "none.mp4")
    assert (ran.code, api.asked) == (4, [])
    assert ran.err == "reelwright: There is no file none.mp4; check the path\n"


def test_a_folder_that_can_not_be_written_is_named(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    ran = reelwright("job", ID, "-o", "clip.mp4/out")
    assert ran.code == 7
    assert "clip.mp4/out/video.mp4 can't be written" in ran.err
    assert is_one_line(ran.err.splitlines(keepends=True)[-1])


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("upload", "Stopped before a job was sent."),
        ("download", f"fetch its files by `reelwright job {ID} -o OUT`"),
    ],
)
def test_ctrl_c_beside_the_job_says_where_things_are(
    api: FakeApi, reelwright: Run, monkeypatch: pytest.MonkeyPatch, at: str, said: str
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    rendering(api)
    monkeypatch.setattr(f"reelwright.api.Client.{at}", stopped)
    ran = reelwright("render", "clip.mp4", "--json")
    assert (ran.code, ran.out) == (130, "")
    assert said in ran.err
    assert len(api.to("POST", "/jobs")) == (at == "download")


def test_a_fault_of_its_own_is_one_line_and_a_traceback_with_debug(
    reelwright: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("planted")

    monkeypatch.setattr("reelwright.api.Client.jobs", fail)
    ran = reelwright("jobs")
    assert ran.code == 70
    assert is_one_line(ran.err)
    assert "KeyError: 'planted'" in ran.err
    assert "Traceback" in reelwright("jobs", "--debug").err


def test_jobs_are_listed(api: FakeApi, reelwright: Run) -> None:
    long = "k" * 128
    listed = [summary(1), {**summary(2), "order_key": long}]
    api.on("GET", "/jobs", ok({"jobs": listed, "cursor": None}))
    ran = reelwright("jobs", "--status", "running", "--limit", "2")
    heads, first, second = ran.out.splitlines()
    assert heads.split() == ["job", "status", "sent", "order", "key", "error"]
    assert first.split()[:2] == ["job1", "RUNNING"]
    assert long in second
    assert "\x1b" not in ran.out
    assert api.asked[0].query == "status=RUNNING&limit=2"
    assert [one["job_id"] for one in reelwright("jobs", "--json").json["jobs"]] == ["job1", "job2"]


def test_a_job_is_shown(api: FakeApi, reelwright: Run) -> None:
    api.on("GET", f"/jobs/{ID}", ok(job()))
    ran = reelwright("job", ID)
    assert ran.code == 0
    assert "stage      rendering, 50%: 2/4 chunks, 0/0 pictures" in ran.out
    assert reelwright("job", ID, "--json").json["stage"] == "rendering"


def test_watching_in_json_is_a_line_a_change(
    api: FakeApi, reelwright: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelwright.api._FIRST_POLL_S", 0.001)
    now = job("QUEUED", stage="queued")
    api.on("GET", f"/jobs/{ID}", ok(now), ok(job()), ok(job()), ok(job("FAILED")))
    ran = reelwright("job", ID, "--watch", "--json")
    lines = [json.loads(line)["status"] for line in ran.out.splitlines()]
    assert (ran.code, lines) == (1, ["QUEUED", "RUNNING", "FAILED"])


def test_files_are_fetched_of_a_job_that_was_sent_before(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    assert reelwright("job", ID, "-o", "talk.mp4").code == 0
    assert Path("talk.mp4").read_bytes() == CONTENT
    api.on("GET", f"/jobs/{ID}", ok(job()))
    ran = reelwright("job", ID, "-o", "talk.mp4")
    assert ran.code == 6
    assert f"Job {ID} is RUNNING; to wait for its files: --watch" in ran.err


def test_the_console_is_printed_and_not_opened_without_a_terminal(
    api: FakeApi, reelwright: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    api.on("GET", f"/jobs/{ID}", ok(job()))
    url = job()["execution_url"]
    assert reelwright("open", ID).out == f"{url}\n"
    assert reelwright("open", ID, "--json").json == {"url": url}
    assert opened == []
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert reelwright("open", ID, "--print").out == f"{url}\n"
    assert opened == []
    reelwright("open", ID)
    assert opened == [url]


def test_the_token_tells_who_one_is(api: FakeApi, reelwright: Run) -> None:
    api.on("GET", "/jobs", ok({"jobs": [], "cursor": None}))
    told = reelwright("whoami", "--json").json
    assert (told["sub"], told["api"]) == ("me", api.url)


@pytest.mark.parametrize("command", [["logs", ID], ["events", "--follow"]])
def test_what_only_aws_knows_needs_a_stack(
    api: FakeApi, reelwright: Run, command: list[str]
) -> None:
    api.on("GET", f"/jobs/{ID}", ok(job()))
    ran = reelwright(*command)
    assert ran.code == 3
    assert "by --stack, with AWS credentials" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_answer_in_json_and_name_a_stack(reelwright: Run, command: str) -> None:
    ran = reelwright(command, "--help")
    assert ran.code == 0
    for option in ("--json", "--debug", "--stack", "--profile", "--region", "--api"):
        assert option in ran.out


def test_without_a_command_there_is_help(reelwright: Run) -> None:
    ran = reelwright()
    assert ran.code == 2
    assert all(command in ran.out for command in (*COMMANDS, "local"))


def test_help_loads_nothing_it_has_no_use_for() -> None:
    look = (
        "import sys; from reelwright.cli.main import run; run(['render', '--help']); "
        "print(*{'boto3', 'functions.shared.job', 'requests'} & set(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    ).stdout
    assert printed.splitlines()[-1] == ""
