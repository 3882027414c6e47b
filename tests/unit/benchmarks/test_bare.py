import subprocess
import sys

import pytest

from benchmarks import bare


def test_a_child_is_measured() -> None:
    spent = bare.measured([sys.executable, "-S", "-c", "for _ in range(3_000_000): pass"])

    assert spent.cpu_s > 0
    assert spent.wall_s > 0
    assert 1 < spent.peak_mb < 1000


def test_a_child_that_fails_ends_the_benchmark() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        bare.measured([sys.executable, "-S", "-c", "raise SystemExit(3)"])
