"""How ffmpeg is called, and what its ends are called, with a stand-in for the binary."""

import json
import os
from pathlib import Path

import pytest

from functions.shared.errors import (
    FfmpegFailed,
    ReelwrightError,
    RenderTimedOut,
    SourceUnreachable,
    TransientError,
)
from functions.shared.ffmpeg import (
    Input,
    input_options,
    lost_connection,
    run_ffmpeg,
    telling_line,
)
from functions.shared.parts import MARGIN_S, Deadline

SECRET = "X-Amz-Signature=abc"
SOURCE = Input(f"https://bucket.s3.example.com/key?{SECRET}", "bucket/key")


class StandIn:
    """A script named ffmpeg, first on PATH."""

    def __init__(self, layer: Path) -> None:
        self.layer = layer
        self.binary = layer / "bin" / "ffmpeg"
        self.binary.parent.mkdir(parents=True)

    def does(self, script: str) -> None:
        self.binary.write_text(f"#!/bin/sh\n{script}\n")
        self.binary.chmod(0o755)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn(tmp_path / "layer")
    monkeypatch.setenv("PATH", f"{made.binary.parent}{os.pathsep}{os.environ['PATH']}")
    return made


def test_ffmpeg_knows_no_credentials_and_has_its_own_certificates(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.setenv("SSL_CERT_FILE", "/elsewhere")
    bundle = stand_in.layer / "etc" / "cacert.pem"
    bundle.parent.mkdir()
    bundle.touch()
    seen = tmp_path / "env"
    stand_in.does(f"env > {seen}; cat > {seen}.stdin")

    run_ffmpeg(["-version"], SOURCE, timeout_s=20)

    names = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    assert not [name for name in names if name.startswith("AWS_")]
    assert names["SSL_CERT_FILE"] == str(bundle)
    assert set(names) <= {
        *("PATH", "HOME", "TMPDIR", "LC_ALL", "SSL_CERT_FILE", "SVT_LOG", "LD_LIBRARY_PATH"),
        *("PWD", "SHLVL", "_", "OLDPWD"),
    }
    assert Path(f"{seen}.stdin").read_text() == ""


def test_arguments_arrive_one_by_one(stand_in: StandIn, tmp_path: Path) -> None:
    seen = tmp_path / "arguments"
    stand_in.does(f'for a in "$@"; do echo "$a"; done > {seen}')
    run_ffmpeg(["-i", "a file; rm -rf $HOME", "-x"], SOURCE, timeout_s=20)
    given = seen.read_text().splitlines()
    assert given[0] == "-nostdin"
    assert given[-3:] == ["-i", "a file; rm -rf $HOME", "-x"]


@pytest.mark.parametrize(
    ("printed", "code", "error", "says"),
    [
        ("Error opening input: Server returned 5XX Server Error reply", 1, TransientError, "5XX"),
        ("HTTP error 503 Service Unavailable", 1, TransientError, "503"),
        (
            "Connection to tcp://1.2.3.4:443 failed: Connection refused",
            1,
            TransientError,
            "refused",
        ),
        ("Error opening input: Server returned 404 Not Found", 8, SourceUnreachable, "404"),
        ("HTTP error 403 Forbidden", 8, TransientError, "403"),
        ("Invalid data found when processing input", 183, FfmpegFailed, "Invalid data"),
        ("No space left on device", 228, FfmpegFailed, "No space left"),
    ],
)
def test_ends_have_names(
    stand_in: StandIn, printed: str, code: int, error: type[ReelwrightError], says: str
) -> None:
    last = f"Error opening input files: {SOURCE.url}"
    stand_in.does(f"echo '{printed}' >&2; echo '{last}' >&2; echo >&2; exit {code}")
    with pytest.raises(error) as caught:
        run_ffmpeg([], SOURCE, timeout_s=20)
    assert "bucket/key" in str(caught.value)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)


def test_signature_is_told_neither_in_errors_nor_in_what_was_printed(stand_in: StandIn) -> None:
    other = f"https://other.example.com/x?{SECRET}&more=1"
    stand_in.does(f"echo 'opening {SOURCE.url} and {other} now' >&2")
    printed = run_ffmpeg([], SOURCE, timeout_s=20)
    assert printed == "opening bucket/key and https://other.example.com/x now\n"


def test_killed_is_transient(stand_in: StandIn) -> None:
    stand_in.does("kill -9 $$")
    with pytest.raises(TransientError, match="killed by signal 9"):
        run_ffmpeg([], SOURCE, timeout_s=20)


@pytest.mark.parametrize("signal", ["SEGV", "ABRT", "BUS", "FPE", "ILL"])
def test_a_crash_is_final_and_names_the_source(stand_in: StandIn, signal: str) -> None:
    stand_in.does(f"ulimit -c 0; kill -{signal} $$")
    with pytest.raises(FfmpegFailed, match=r"^bucket/key makes ffmpeg crash"):
        run_ffmpeg([], SOURCE, timeout_s=20)


def test_out_of_time_has_its_own_name(stand_in: StandIn) -> None:
    stand_in.does("while :; do :; done")
    with pytest.raises(RenderTimedOut, match="did not finish bucket/key"):
        run_ffmpeg([], SOURCE, timeout_s=0.4)


def test_no_time_at_all_has_its_own_name(stand_in: StandIn) -> None:
    stand_in.does("exit 0")
    with pytest.raises(RenderTimedOut, match="No time was left"):
        run_ffmpeg([], SOURCE, timeout_s=0)
    with pytest.raises(RenderTimedOut, match="No time was left while cutting"):
        Deadline(MARGIN_S).left_s("cutting")


def test_missing_layer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FfmpegFailed, match="not on PATH"):
        run_ffmpeg([], SOURCE, timeout_s=20)


def test_inputs_are_fenced_in() -> None:
    options = input_options(SOURCE.url)
    assert options[-2:] == ["-i", SOURCE.url]
    pairs = dict(zip(options[::2], options[1::2], strict=True))
    protocols = pairs["-protocol_whitelist"].split(",")
    assert "file" not in protocols
    assert "concat" not in protocols
    formats = set(pairs["-format_whitelist"].split(","))
    assert not formats & {"hls", "dash", "concat", "image2", "svg_pipe", "lavfi", "sdp"}
    assert pairs["-max_redirects"] == "0"


def test_only_a_connection_given_up_is_lost() -> None:
    taken_up = "[http @ 0x1] Will reconnect at 100 in 0 second(s), error=Input/output error."
    assert not lost_connection(taken_up)
    assert not lost_connection("[in#0/mov] Error during demuxing: Invalid data found when …")
    assert lost_connection(f"{taken_up}\n[in#0/mov] Error during demuxing: Input/output error")


def test_telling_line() -> None:
    assert telling_line(["a", "b is wrong", "Conversion failed!", ""]) == "b is wrong"
    assert telling_line([]) == "it printed nothing"
    thread = "[fc#0 @ 0x56] Terminating thread with return code -22 (Invalid argument)"
    assert telling_line(["[enc @ 0x56] bad parameter", thread]) == "[enc @ 0x56] bad parameter"
    told = ["[in#0 @ 0x1] [error] c is wrong", "[out#0 @ 0x2] [info] video:0KiB", "[info] size=0"]
    assert telling_line(told) == "[in#0 @ 0x1] c is wrong"
    assert json.dumps(telling_line(["x" * 9000]))
