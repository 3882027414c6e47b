"""The peers' rows as tables and as a plot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from benchmarks.figures import shown
from benchmarks.peers.contest import REELWRIGHT

Row = dict[str, Any]
TITLES = {
    "title": "{} s of 1080p30 with a title and a logo",
    "transcode": "{} s of 1080p30 encoded anew",
}
_OURS, _THEIRS = "#1f5fa8", "#9aa5b1"
_MB = 1e6
_COLUMNS = ("", "wall s", "÷ job's", "CPU s", "peak MB", "MB", "VMAF", "same")


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """One for each contest. Ratios are to the job of the same round."""
    for contest, title in TITLES.items():
        entered = [row for row in rows if row["contest"] == contest]
        if not entered:
            continue
        table = Table(*_COLUMNS, title=title.format(entered[0]["clip_s"]))
        for row in entered:
            table.add_row(row["system"], *_cells(row))
        yield table


def _cells(row: Row) -> Iterator[str]:
    if "missing" in row:
        yield from ("not run", *[""] * (len(_COLUMNS) - 2))
        return
    yield f"{row['wall_s']:.1f}"
    yield shown(row, "wall_ratio")
    yield f"{row['cpu_s']:.1f}"
    yield f"{row['peak_mb']:.0f}"
    yield f"{row['size_bytes'] / _MB:.2f}"
    yield f"{row['vmaf']:.1f}"
    yield "yes" if row["same_picture"] else "NO"


def plot(rows: Sequence[Row], file: Path) -> None:
    """Bars of wall time, a job's being 1, from the least to the most; lines are ranges."""
    contests = [name for name in TITLES if any(row["contest"] == name for row in rows)]
    mpl.rcParams.update({"svg.hashsalt": file.stem, "font.size": 11})
    # The figure stays out of pyplot, so no window system is asked for.
    figure = Figure(figsize=(8, 0.8 + 2.1 * len(contests)), layout="constrained")
    panels = figure.subplots(len(contests), squeeze=False)
    for panel, contest in zip(panels[:, 0], contests, strict=True):
        _bars(panel, contest, [row for row in rows if row["contest"] == contest])
    panels[-1, 0].set_xlabel(
        "wall time ÷ wall time of the Reelwright job (measured, median and range)"
    )
    figure.savefig(file, metadata={"Date": None})


def _bars(panel: Axes, contest: str, rows: Sequence[Row]) -> None:
    measured = sorted((row for row in rows if "missing" not in row), key=lambda r: r["wall_ratio"])
    ratios = [row["wall_ratio"] for row in measured]
    below = [row["wall_ratio"] - row["wall_ratio_min"] for row in measured]
    above = [row["wall_ratio_max"] - row["wall_ratio"] for row in measured]
    names = [row["system"] for row in measured]
    colors = [_OURS if name == REELWRIGHT else _THEIRS for name in names]
    panel.barh(names, ratios, xerr=[below, above], color=colors, ecolor="#333333", height=0.6)
    for place, row in enumerate(measured):
        text = f"{row['wall_ratio']:.2f} ×  ({row['wall_s']:.1f} s here)"
        panel.text(row["wall_ratio_max"], place, f"  {text}", va="center")
    absent = [row["system"] for row in rows if "missing" in row]
    panel.barh(absent, [0] * len(absent))
    for place in range(len(absent)):
        panel.text(0, len(measured) + place, "  not run", va="center")
    panel.invert_yaxis()
    panel.axvline(1, color=_OURS, linewidth=0.8, linestyle=":")
    panel.set_xlim(0, 1.45 * max(row["wall_ratio_max"] for row in measured))
    panel.set_title(TITLES[contest].format(measured[0]["clip_s"]), loc="left", fontsize=12)
    panel.spines[["top", "right"]].set_visible(False)
