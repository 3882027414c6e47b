"""What a person at a terminal sees, and what Ctrl-C does there."""

import re

import pexpect
import pytest

from tests.cli.conftest import CLIP, CommandLine

QUICK = ("render", str(CLIP), "--height", "90", "--preset", "ultrafast", "-o", "out")
WATCHING = "queued|waiting|planning|rendering"
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


def ended(shown: "pexpect.spawn[str]") -> int:
    """The exit code, once everything is printed."""
    shown.expect(pexpect.EOF)
    shown.close()
    return int(shown.exitstatus or 0)


def test_a_bar_shows_the_upload_the_job_and_the_download(reelwright: CommandLine) -> None:
    shown = reelwright.on_a_terminal(*QUICK, columns=120)
    shown.expect("uploading")
    shown.expect(WATCHING)
    shown.expect(r"complete .*━+.* 100 %.*parts, .*×")
    shown.expect("downloading")
    shown.expect("is COMPLETE: 13.0 s of video in")
    shown.expect(r"out/90p.mp4  160x90, 13\.0")
    assert ended(shown) == 0


def test_without_colour_and_on_a_narrow_terminal_it_is_readable(reelwright: CommandLine) -> None:
    plain = reelwright.given(NO_COLOR="1")
    shown = plain.on_a_terminal("snapshots", str(CLIP), "--count", "1", "-o", "o", columns=40)
    shown.expect("100 %")
    text = shown.before or ""
    assert ended(shown) == 0
    text += shown.before or ""
    assert not COLOUR.search(text)
    assert "━" not in text


@pytest.mark.usefixtures("held")
def test_ctrl_c_and_no_stops_watching_only(reelwright: CommandLine) -> None:
    shown = reelwright.on_a_terminal(*QUICK)
    shown.expect(WATCHING)
    shown.sendintr()
    shown.expect(r"Cancel the job too\? \[y/N\] ")
    shown.sendline("n")
    shown.expect(r"Stopped watching\. Job (\w+) goes on")
    assert shown.match is not None
    job_id = shown.match.group(1)
    assert ended(shown) == 130
    assert reelwright("job", job_id, "--json").json["status"] in {"QUEUED", "WAITING", "RUNNING"}
    assert reelwright("cancel", job_id).code == 0


@pytest.mark.usefixtures("held")
def test_ctrl_c_and_yes_cancels_the_job(reelwright: CommandLine) -> None:
    shown = reelwright.on_a_terminal(*QUICK)
    shown.expect(WATCHING)
    shown.sendintr()
    shown.expect("Cancel the job too")
    shown.sendline("y")
    shown.expect(r"reelwright: Job (\w+) is CANCELLED")
    assert shown.match is not None
    job_id = shown.match.group(1)
    assert ended(shown) == 5
    assert reelwright("job", job_id, "--json").json["status"] == "CANCELLED"


@pytest.mark.usefixtures("held")
def test_ctrl_c_twice_stops_watching_at_once(reelwright: CommandLine) -> None:
    shown = reelwright.on_a_terminal(*QUICK)
    shown.expect(WATCHING)
    shown.sendintr()
    shown.expect("Cancel the job too")
    shown.sendintr()
    shown.expect(r"Stopped watching\. Job (\w+) goes on")
    assert shown.match is not None
    job_id = shown.match.group(1)
    assert ended(shown) == 130
    assert reelwright("cancel", job_id).code == 0


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("key", ["\x04", "what\n"])
def test_no_clear_yes_is_a_no(reelwright: CommandLine, key: str) -> None:
    shown = reelwright.on_a_terminal(*QUICK)
    shown.expect(WATCHING)
    shown.sendintr()
    shown.expect("Cancel the job too")
    shown.send(key)
    shown.expect(r"Job (\w+) goes on")
    assert shown.match is not None
    job_id = shown.match.group(1)
    assert ended(shown) == 130
    assert reelwright("cancel", job_id).code == 0
