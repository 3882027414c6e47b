"""What is made of the rounds of a stitch."""

from typing import Any

import pytest

from benchmarks.stitching.figures import Case, Round, checks_share, row

CASE = Case(60, 1.0, "mp4", "loopback")


def told(wall_s: float, **more: Any) -> dict[str, Any]:
    return {
        "wall_s": wall_s,
        "cpu_s": wall_s / 2,
        "before_mb": 88,
        "peak_mb": 100 + int(wall_s),
        "peak_child_mb": 0,
        "peak_disk_bytes": 0,
        "bytes": 1000,
        "frames": 30,
        "counted": {"requests": 7, "bytes_read": 1100, "bytes_written": 1000},
        **more,
    }


TRACED = told(4.0, spent_s={"check_parts": 0.5, "digest_parts": 1.0, "move_media": 2.0})


def test_ratios_are_taken_pair_by_pair() -> None:
    # A machine that slows down by half slows both.
    rounds = [Round(told(3.0), told(2.0)), Round(told(6.0), told(4.0)), Round(told(5.0), told(2.0))]

    found = row(CASE, rounds, TRACED, part_bytes=10)

    assert found["ratio"] == {"median": 1.5, "min": 1.5, "max": 2.5}
    assert found["wall_s"] == {"median": 5.0, "min": 3.0, "max": 6.0}
    assert found["copy_s"]["median"] == 2.0


def test_peaks_are_the_worst_of_all_rounds() -> None:
    rounds = [Round(told(1.0, peak_disk_bytes=n), told(1.0)) for n in (10, 900, 20)]

    found = row(CASE, rounds, TRACED, part_bytes=10)

    assert found["disk_of_output"] == pytest.approx(0.9)
    assert found["read_of_output"] == pytest.approx(1.1)
    assert found["case"] == "60x1MB,mp4,loopback"


def test_the_checks_share_counts_only_checks() -> None:
    assert checks_share(TRACED) == pytest.approx(1.5 / 4)
