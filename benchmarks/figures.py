"""Rows of figures: medians and ranges over rounds."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any


def spread_of(name: str, values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """The median as `name`, the range as `name_min` and `name_max`."""
    return {
        name: round(statistics.median(values), digits),
        f"{name}_min": round(min(values), digits),
        f"{name}_max": round(max(values), digits),
    }


def medians(rounds: Sequence[Mapping[str, float]], digits: int = 2) -> dict[str, float]:
    """Of each name, over rounds that all have it."""
    return {
        name: round(statistics.median(each[name] for each in rounds), digits) for name in rounds[0]
    }


def shown(row: Mapping[str, Any], name: str) -> str:
    """`median (min-max)`, the median alone where there was one round."""
    low, high = row[f"{name}_min"], row[f"{name}_max"]
    middle = f"{row[name]:.2f}"
    return middle if row["rounds"] == 1 else f"{middle} ({low:.2f}-{high:.2f})"


def at_seams(row: Mapping[str, Any]) -> str:
    """VMAF of the worst frame near a seam: the job's (ffmpeg's in the same seconds)."""
    ours, theirs = row.get("seam_vmaf"), row.get("seam_vmaf_ffmpeg")
    return "" if ours is None or theirs is None else f"{ours:.1f} ({theirs:.1f})"
