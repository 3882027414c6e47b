import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cpu import tree_s

_TICKS = os.sysconf("SC_CLK_TCK")


def _process(proc: Path, pid: int, parent: int, *ticks: int, name: str = "python") -> None:
    folder = proc / str(pid)
    folder.mkdir()
    times = " ".join(map(str, ticks))
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0 -1 0 0 0 0 0 {times} 20 0")


def test_counts_what_is_below_the_root_with_its_ended_children(tmp_path: Path) -> None:
    _process(tmp_path, 10, 1, 1, 2, 3, 4)
    _process(tmp_path, 11, 10, 10, 0, 0, 0)
    _process(tmp_path, 12, 11, 100, 0, 0, 0, name="odd) name (")
    _process(tmp_path, 20, 1, 1000, 0, 0, 0)

    assert tree_s(10, tmp_path) == pytest.approx((10 + 10 + 100) / _TICKS)


def test_a_root_that_is_gone_used_nothing_more(tmp_path: Path) -> None:
    _process(tmp_path, 20, 1, 1000, 0, 0, 0)

    assert tree_s(10, tmp_path) == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux")
def test_a_child_that_has_ended_still_counts() -> None:
    before = tree_s(os.getpid())

    subprocess.run([sys.executable, "-S", "-c", "for _ in range(3_000_000): pass"], check=True)

    assert tree_s(os.getpid()) > before
