"""The model's figures. Each says in its title that it is a model."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.model.sweep import LENGTHS_S, Point
from benchmarks.record import RESULTS

mpl.rcParams["svg.hashsalt"] = "reelwright"
mpl.rcParams["font.size"] = 12
_COLOURS = ("#1b6ca8", "#e08a1e", "#3a8f5c", "#8a4f9e")


def plot_wall(usual: Sequence[Point], filled: Sequence[Point]) -> Path:
    return _by_width(
        usual,
        filled,
        lambda point: point.wall_s,
        "Modelled wall time on AWS, all functions cold",
        "seconds",
        "model-wall.svg",
    )


def plot_cost(usual: Sequence[Point], filled: Sequence[Point]) -> Path:
    return _by_width(
        usual,
        filled,
        lambda point: point.cost,
        "Modelled cost on AWS, list prices, arm64",
        "US dollars",
        "model-cost.svg",
    )


def _by_width(
    usual: Sequence[Point],
    filled: Sequence[Point],
    of: Callable[[Point], float],
    title: str,
    unit: str,
    name: str,
) -> Path:
    heights = sorted({point.job.height for point in usual})
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    axes = figure.subplots(1, len(heights), sharey=True, squeeze=False)[0]
    for each, height in zip(axes, heights, strict=True):
        for colour, (length, duration_s) in zip(_COLOURS, LENGTHS_S.items(), strict=True):
            for points, style in ((filled, "-"), (usual, ":")):
                line = [
                    point
                    for point in points
                    if (point.job.height, point.job.duration_s) == (height, duration_s)
                ]
                label = length if style == "-" else None
                _draw(each, line, of, colour, style, label)
        _decorate(each, f"{height} lines, 30 fps", "chunks at once")
    axes[0].set_ylabel(unit)
    axes[0].legend(frameon=False, fontsize=11)
    told = "solid: cut to fill the width; dotted: default chunks; × past a function's timeout"
    figure.suptitle(f"{title}\n{told}", fontsize=12)
    return _saved(figure, name)


def _draw(
    axes: Axes,
    line: Sequence[Point],
    of: Callable[[Point], float],
    colour: str,
    style: str,
    label: str | None,
) -> None:
    widths, values = [point.job.width for point in line], [of(point) for point in line]
    axes.plot(
        widths, values, marker="o", markersize=3.5, linestyle=style, color=colour, label=label
    )
    late = [point for point in line if point.too_long]
    axes.plot(
        [point.job.width for point in late],
        [of(point) for point in late],
        linestyle="none",
        marker="x",
        markersize=9,
        color=colour,
    )


def _decorate(axes: Axes, title: str, x_label: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title(title, fontsize=12)
    axes.set_xlabel(x_label)
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def plot_path(points: Sequence[Point], width: int) -> Path:
    """Where the time goes, of the strand that ends last, for each length."""
    heights = sorted({point.job.height for point in points})
    figure = Figure(figsize=(10, 6.4), layout="constrained")
    axes = figure.subplots(len(heights), 1, squeeze=False)[:, 0]
    for each, height in zip(axes, heights, strict=True):
        bars = [point for point in points if (point.job.height, point.job.width) == (height, width)]
        _stack(each, bars)
        each.set_title(f"{height} lines, {width:,} chunks at once", fontsize=12)
    axes[-1].set_xlabel("% of the wall time")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=11, loc="outside right center")
    figure.suptitle(
        "Modelled: what the last strand of a job waits for; all cold, chunks cut to fill",
        fontsize=13,
    )
    return _saved(figure, "model-where-time-goes.svg")


GROUPS = {
    "start, turn, plan": ("submit", "Claim Job", "Wait For Turn", "Plan Render"),
    "earlier chunks first": ("waiting for a place",),
    "dispatch, scale-up": ("dispatch", "call", "scale-up"),
    "cold start": ("cold start",),
    "encode": ("encode",),
    "S3: read, upload": ("S3 requests", "read", "upload"),
    "sound, pictures": ("sound", "pictures"),
    "Map Run ends": ("Map Run",),
    "assemble": ("Assemble Render",),
    "finish": ("Finish Job",),
}


def grouped(path_s: dict[str, float]) -> dict[str, float]:
    return {group: sum(path_s.get(name, 0.0) for name in names) for group, names in GROUPS.items()}


def _stack(axes: Axes, points: Sequence[Point]) -> None:
    names = {seconds: name for name, seconds in LENGTHS_S.items()}
    labels = [names[round(point.job.duration_s)] for point in points]
    shares = [
        {group: 100 * spent / point.wall_s for group, spent in grouped(point.path_s).items()}
        for point in points
    ]
    left = [0.0] * len(points)
    for colour, group in zip(_colours(len(GROUPS)), GROUPS, strict=True):
        lengths = [share[group] for share in shares]
        axes.barh(labels, lengths, left=left, color=colour, label=group, height=0.65)
        left = [start + length for start, length in zip(left, lengths, strict=True)]
    for row, point in enumerate(points):
        axes.text(101, row, f"{point.wall_s:.0f} s", va="center", fontsize=11)
    axes.set_xlim(0, 110)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def _colours(count: int) -> list[str]:
    return [
        *("#9fb0bf", "#dfe5ea", "#f2c48d", "#e08a1e", "#1b6ca8"),
        *("#7fb3d9", "#8a4f9e", "#c9c9c9", "#3a8f5c", "#5b6770"),
    ][:count]


def _saved(figure: Figure, name: str) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / name
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file
