"""Plots of a job against bare ffmpeg, and of chunk lengths. The same rows give the same bytes."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.cases import Case
from benchmarks.jobs import STAGES
from benchmarks.record import Row

_BLUE, _ORANGE, _GREY = "#3b6ea5", "#d9822b", "#8a8a8a"
_STAGE_COLOURS = {
    "submit": "#c9c9c9",
    "pipe": "#9a9a9a",
    "turn": "#6b6b6b",
    "plan": "#d9822b",
    "render": "#3b6ea5",
    "assemble": "#5aa469",
    "finish": "#2f5d3a",
}
_ROW_IN = 0.42


def ratios(rows: Sequence[Row], file: Path) -> None:
    """Wall and CPU of a job by ffmpeg's, with their ranges."""
    figure, axes = _rows_of(rows, "A job against one bare ffmpeg on this machine: measured")
    for offset, ratio, colour in ((-0.2, "wall_ratio", _BLUE), (0.2, "cpu_ratio", _ORANGE)):
        values = [row[ratio] for row in rows]
        low = [row[ratio] - row[f"{ratio}_min"] for row in rows]
        high = [row[f"{ratio}_max"] - row[ratio] for row in rows]
        places = [place + offset for place in range(len(rows))]
        label = {"wall_ratio": "wall time", "cpu_ratio": "CPU time"}[ratio]
        axes.barh(places, values, 0.36, xerr=[low, high], color=colour, label=label, capsize=2)
    axes.axvline(1, color=_GREY, linewidth=1, linestyle="--")
    axes.set_xlabel("job / ffmpeg (1 = as fast; left is better)")
    _save(figure, axes, file)


def stages(rows: Sequence[Row], file: Path) -> None:
    """Where a job's wall time goes."""
    figure, axes = _rows_of(rows, "Where a job's time goes: measured")
    starts = [0.0] * len(rows)
    for stage in STAGES:
        if stage == "audio":  # beside `render`
            continue
        shares = [100 * row["stages"][stage] / row["job_s"] for row in rows]
        axes.barh(
            range(len(rows)), shares, 0.6, left=starts, color=_STAGE_COLOURS[stage], label=stage
        )
        starts = [start + share for start, share in zip(starts, shares, strict=True)]
    axes.set_xlabel("% of the time from the message to COMPLETE")
    axes.set_xlim(0, 100)
    _save(figure, axes, file)


def chunk_lengths(rows: Sequence[Row], file: Path) -> None:
    """Wall, CPU, bytes and VMAF by the length of a chunk, one line a preset."""
    _usual()
    figure = Figure(figsize=(8.5, 5.6), layout="constrained")
    shown = (
        ("wall_ratio", "wall, job / ffmpeg"),
        ("cpu_ratio", "CPU, job / ffmpeg"),
        ("bytes_ratio", "bytes, job / ffmpeg"),
        ("vmaf_delta", "VMAF, job - ffmpeg"),
    )
    for axes, (value, label) in zip(figure.subplots(2, 2).flat, shown, strict=True):
        presets = dict.fromkeys(row["preset"] for row in rows)
        for preset, colour in zip(presets, cycle((_ORANGE, _BLUE, _GREY)), strict=False):
            some = [row for row in rows if row["preset"] == preset and row[value] is not None]
            fixed = sorted((row["chunk_s"], row[value]) for row in some if row["asked_s"])
            usual = [(row["chunk_s"], row[value]) for row in some if not row["asked_s"]]
            if fixed:
                axes.plot(*zip(*fixed, strict=True), "o-", color=colour, label=preset)
            for at in usual:
                axes.scatter(*at, 110, colour, marker="*")
        axes.set_xlabel("chunk (s); the star is the default")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    figure.suptitle("Chunk length against one bare ffmpeg on this machine: measured")
    figure.savefig(file, metadata={"Date": None})


def _rows_of(rows: Sequence[Row], title: str) -> tuple[Figure, Axes]:
    _usual()
    figure = Figure(figsize=(8.5, 1.6 + _ROW_IN * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    names = [
        Case(row["clip_s"], row["preset"], row["outputs"], row["overlay"]).name for row in rows
    ]
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.set_title(title)
    return figure, axes


def _usual() -> None:
    mpl.rcParams.update({"svg.hashsalt": "reelwright", "font.size": 10, "axes.axisbelow": True})


def _save(figure: Figure, axes: Axes, file: Path) -> None:
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=7, frameon=False)
    figure.savefig(file, metadata={"Date": None})
