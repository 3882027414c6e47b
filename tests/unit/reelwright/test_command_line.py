"""Commands against a fake API: what is asked of it, what is printed, and how they end."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.unit.reelwright.commands import ID, Run, is_one_line
from tests.unit.reelwright.fake_api import Answer, FakeApi, job, ok, problem, summary

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


def test_a_fault_of_its_own_is_one_line_and_a_traceback_with_debug(
    reelwright: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("planted")

    monkeypatch.setattr("reelwright.client.Client.jobs", fail)
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
    monkeypatch.setattr("reelwright.client._FIRST_POLL_S", 0.001)
    now = job("QUEUED", stage="queued")
    api.on("GET", f"/jobs/{ID}", ok(now), ok(job()), ok(job()), ok(job("FAILED")))
    ran = reelwright("job", ID, "--watch", "--json")
    lines = [json.loads(line)["status"] for line in ran.out.splitlines()]
    assert (ran.code, lines) == (1, ["QUEUED", "RUNNING", "FAILED"])


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
