"""What the comparison with peers counts, and how it tells it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers import install, report
from benchmarks.peers.compare import mean_luma
from benchmarks.peers.contest import Contest, figures
from benchmarks.peers.install import PeerMissingError
from benchmarks.peers.processes import Peak, descendants, memory_mb, parent
from benchmarks.peers.runners import Runner
from benchmarks.peers.scene import Scene, transcode
from benchmarks.peers.usage import RunFailedError, Usage, of_command
from functions.shared.job import parse_input
from local.home import PROJECT

BURN_S = 0.1
BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass"


def used(wall_s: float, cpu_s: float = 1, peak_mb: float = 1) -> Usage:
    return Usage(wall_s, cpu_s, peak_mb)


@pytest.mark.parametrize("name", ["sh", "a b", "x) S 7 (", ")"])
def test_a_process_may_have_any_name(name: str) -> None:
    assert parent(f"41 ({name}) S 17 41 41 0 -1") == 17


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A shell with a child."""
    shell = subprocess.Popen(["sh", "-c", "sleep 60 & echo; wait"], stdout=subprocess.PIPE)
    assert shell.stdout
    with shell:
        shell.stdout.readline()
        yield shell
        for pid in (*descendants(shell.pid), shell.pid):
            subprocess.run(["kill", str(pid)], check=True)


def test_a_childs_child_is_found_and_its_memory_counted(family: subprocess.Popen[bytes]) -> None:
    here = subprocess.run(["sh", "-c", "echo $PPID"], capture_output=True, check=True)
    (sleeper,) = descendants(family.pid)
    assert {family.pid, sleeper} <= set(descendants(int(here.stdout)))
    with Peak(lambda: [family.pid, sleeper]) as memory:
        deadline = time.monotonic() + 5
        while not memory.peak_mb and time.monotonic() < deadline:
            time.sleep(0.02)
    assert memory.peak_mb == pytest.approx(memory_mb([family.pid, sleeper]), rel=0.5)


def test_what_a_command_leaves_behind_counts() -> None:
    """Its parent is gone at once, as that of a browser's helpers."""
    usage = of_command(["sh", "-c", f"'{sys.executable}' -c '{BURN}' & exit 0"])
    assert usage.cpu_s >= BURN_S


def test_a_command_that_fails_is_told_by_its_last_words() -> None:
    with pytest.raises(RunFailedError, match="sh failed with 3: no such clip"):
        of_command(["sh", "-c", "echo no such clip >&2; exit 3"])


def test_a_tool_that_does_not_run_is_a_peer_missing(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    with pytest.raises(PeerMissingError, match="No such file"):
        install.moviepy_version(broken)
    broken.write_text("#!/bin/sh\necho no library >&2; exit 1")
    broken.chmod(0o700)
    with pytest.raises(PeerMissingError, match="no library"):
        install.moviepy_version(broken)


def test_a_ratio_is_to_the_job_of_the_same_round() -> None:
    row = figures([used(6, 9), used(3, 9), used(8, 9)], [used(2, 3), used(3, 6), used(4, 9)])
    assert (row["wall_ratio"], row["wall_ratio_min"], row["wall_ratio_max"]) == (2, 1, 3)
    assert (row["cpu_ratio"], row["wall_s"], row["rounds"]) == (1.5, 6, 3)


@dataclass
class Fake:
    """Writes its file; from its second run on it may fail."""

    name: str
    order: list[str]
    fails: bool = False
    version: str = "1"
    how: str = "as it comes"
    runs: int = field(default=0)

    def run(self, output: Path) -> Usage:
        self.order.append(self.name)
        self.runs += 1
        if self.fails and self.runs > 1:
            raise RunFailedError("it broke")
        output.write_bytes(b"film")
        return used(self.runs)


class Unseen(Contest):
    """Looks at no picture."""

    def _quality(self, file: Path) -> dict[str, Any]:
        assert file.exists()
        return {"frames": 30, "vmaf": 90.0, "vmaf_worst": 80.0, "same_picture": True}


def absent() -> Runner:
    raise PeerMissingError("It needs a browser.")


def test_all_take_turns_and_who_fails_or_is_absent_has_no_figure(tmp_path: Path) -> None:
    order: list[str] = []
    contest = Unseen("title", 10, "ffmpeg", tmp_path / "reference", tmp_path)
    contest.enter("Reelwright", lambda: Fake("job", order))
    contest.enter("Broken", lambda: Fake("broken", order, fails=True))
    contest.enter("Absent", absent)
    contest.enter("Other", lambda: Fake("other", order))

    rows = contest.hold(3, lambda _: None)

    rest = ["job", "other"]
    assert order == ["job", "broken", "other", "job", "broken", "other", *rest]
    told = {row["system"]: row for row in rows}
    assert told["Other"]["rounds"] == 3
    assert told["Other"]["size_bytes"] == 4
    assert told["Broken"]["missing"] == "it broke"
    assert told["Absent"]["missing"] == "It needs a browser."
    assert all("wall_s" not in told[name] for name in ("Broken", "Absent"))
    (table,) = report.tables(rows)
    assert list(table.columns[1].cells).count("not run") == 2


def test_luma_is_read_from_what_the_filter_writes() -> None:
    line = "n:%d Y:%s U:0.5 V:0.5 All:0.6 (4.1)\n"
    assert mean_luma(line % (1, "0.900000") + line % (2, "1.000000")) == pytest.approx(0.95)
    with pytest.raises(ValueError, match="No frame"):
        mean_luma("")


def test_the_requests_are_jobs(tmp_path: Path) -> None:
    source, logo = "s3://media/uploads/a/clip.mp4", "s3://media/uploads/a/logo.png"
    for request in (Scene(10, tmp_path).request(source, logo), transcode(source)):
        assert parse_input({**request, "job_id": "j" * 32}).render is not None


def test_remotion_is_locked_in_one_version_and_without_addresses() -> None:
    lock = (PROJECT / "benchmarks" / "peers" / "remotion" / "package-lock.json").read_text("utf-8")
    assert "resolved" not in lock
    packages = json.loads(lock)["packages"]
    versions = {
        package["version"]
        for name, package in packages.items()
        if name.startswith(("node_modules/@remotion/", "node_modules/remotion"))
    }
    assert len(versions) == 1
