"""The model's tables, plots and section of latest.json."""

import math
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.model.aws import Setting
from benchmarks.model.limits import Limits, with_value
from benchmarks.model.measured import Measured
from benchmarks.model.plots import grouped, plot_cost, plot_path, plot_wall
from benchmarks.model.published import PUBLISHED, Published
from benchmarks.model.sweep import (
    LENGTHS_S,
    WIDTHS,
    Point,
    by_width,
    cheapest,
    choices,
    default_job,
    fastest,
    filling_job,
    modelled,
)
from benchmarks.record import record
from functions.shared.prices import PRICES_OF, REGION

SECTION = "model"
_SHOWN_WIDTH = 1000
_DOUBTED = "1 h"
_CHOICE_LENGTHS = ("1 min", "10 min", "1 h")
_DOUBTS = {
    "map_run_s": (0.0, 12.0),
    "mount_mb_per_s": (100, 1e9),
    "network_mb_per_s": (40, 150),
    "s3_request_s": (0.02, 0.1),
    "vcpu_speed": (0.6, 1.5),
    "standard_children_per_s": (30, 1000),
}
"""What is assumed or by report, and between what it may well be."""


def report(console: Console, measured: Measured) -> None:
    points = list(by_width(measured))
    filled = list(by_width(measured, filling_job))
    best = list(_best(measured))
    doubts = list(_doubts(measured))
    children = list(_children(measured))
    beside = [(other, *_modelled_beside(measured, other)) for other in PUBLISHED]
    console.print("Modelled, not measured on AWS. Measured here: CPU, bytes, starts, the stitch.\n")
    for height in measured.pictures:
        console.print(_walls(points, height, "the chunks a plan makes by itself"))
        console.print(_walls(filled, height, "chunks cut to fill the width, of 1 s at least"))
    console.print(_path(filled))
    console.print(_best_table(best))
    console.print(_children_table(children))
    console.print(_doubts_table(doubts))
    console.print(_published(beside))
    files = (
        plot_wall(points, filled),
        plot_cost(points, filled),
        plot_path(filled, _SHOWN_WIDTH),
    )
    for file in files:
        console.print(f"wrote {file.name}")
    record(
        SECTION,
        [
            {"chunks_cut": cut, **_row(point)}
            for cut, each in (("default", points), ("to fill", filled))
            for point in each
        ],
        limits=Limits().rows(),
        prices_of=PRICES_OF,
        region=REGION,
        best=[{"aim": aim, "length": length, **_row(point)} for aim, length, point in best],
        doubts=doubts,
        children=[_row(point) for _, each in children for point in each],
        published=[
            {
                **vars(other),
                "modelled_cold": _row(cold),
                "modelled_warm": _row(warm),
                "modelled_cut_to_fill": _row(filled),
            }
            for other, cold, warm, filled in beside
        ],
    )


def _row(point: Point) -> dict[str, Any]:
    job, setting = point.job, point.setting
    return {
        "height": job.height,
        "duration_s": job.duration_s,
        "width": job.width,
        "chunk_s": job.chunk_s,
        "chunks": len(job.chunks),
        "memory_mb": setting.memory_mb,
        "express": setting.express,
        "cold": setting.cold,
        "wall_s": round(point.wall_s, 3),
        "usd": round(point.cost, 6),
        "usd_by": {name: round(usd, 6) for name, usd in point.usd.items()},
        "time_s": {name: round(spent, 3) for name, spent in grouped(point.path_s).items()},
        "environments": point.environments,
        "throttled": point.refused,
        "too_long": {name: round(spent, 1) for name, spent in point.too_long.items()},
    }


def _walls(points: Iterable[Point], height: int, cut: str) -> Table:
    title = f"{height} lines, {cut}: seconds and USD by chunks at once"
    table = Table("length", "chunks", *map(_width, WIDTHS), title=title)
    table.caption = "* a function would reach its timeout; † needs a raised quota"
    for length, duration_s in LENGTHS_S.items():
        line = [
            point
            for point in points
            if (point.job.height, point.job.duration_s) == (height, duration_s)
        ]
        counts = sorted({len(point.job.chunks) for point in line})
        chunks = f"{counts[0]:,}" + (f"–{counts[-1]:,}" if len(counts) > 1 else "")
        cells = (f"{_seconds(point)}\n{point.cost:.4f}" for point in line)
        table.add_row(length, chunks, *cells)
    return table


def _width(width: int) -> str:
    """The functions beside the chunks count, too."""
    return f"{width:,}" + ("†" if width >= Limits().account_concurrency.value else "")


def _seconds(point: Point) -> str:
    return f"{point.wall_s:.0f}" + ("*" if point.too_long else "")


def _path(points: Iterable[Point]) -> Table:
    shown = [point for point in points if point.job.width == _SHOWN_WIDTH]
    groups = list(grouped({}))
    title = f"Where the time goes at {_SHOWN_WIDTH:,} chunks at once: the last strand, seconds"
    table = Table("lines", "length", *groups, "all", title=title)
    names = {seconds: name for name, seconds in LENGTHS_S.items()}
    for point in shown:
        spent = grouped(point.path_s)
        cells = (f"{seconds:.1f}" for seconds in spent.values())
        length = names[round(point.job.duration_s)]
        table.add_row(str(point.job.height), length, *cells, f"{point.wall_s:.1f}")
    return table


def _best(measured: Measured) -> Iterable[tuple[str, str, Point]]:
    for height in measured.pictures:
        for length in _CHOICE_LENGTHS:
            duration_s = LENGTHS_S[length]
            found = choices(measured, height, duration_s, _SHOWN_WIDTH)
            yield (
                "default",
                length,
                modelled(measured, default_job(height, duration_s, _SHOWN_WIDTH)),
            )
            yield "cost", length, cheapest(found)
            yield "speed", length, fastest(found)


def _best_table(best: Iterable[tuple[str, str, Point]]) -> Table:
    title = f"The best memory and chunk length at {_SHOWN_WIDTH:,} chunks at once"
    table = Table("lines", "length", "for", "memory MB", "chunk s", "seconds", "USD", title=title)
    for aim, length, point in best:
        table.add_row(
            str(point.job.height),
            length,
            aim,
            f"{point.setting.memory_mb:,}",
            f"{point.job.chunk_s:g}",
            _seconds(point),
            f"{point.cost:.4f}",
        )
    return table


def _children(measured: Measured) -> Iterable[tuple[str, tuple[Point, Point]]]:
    """Standard children, as by default, against Express ones."""
    height = min(measured.pictures)
    for length, duration_s in LENGTHS_S.items():
        job = filling_job(height, duration_s, _SHOWN_WIDTH)
        yield (
            length,
            (
                modelled(measured, job, Setting(express=False)),
                modelled(measured, job, Setting(express=True)),
            ),
        )


def _children_table(children: Iterable[tuple[str, tuple[Point, Point]]]) -> Table:
    title = f"Children of the Map, {_SHOWN_WIDTH:,} at once, cut to fill: Standard or Express"
    table = Table("length", "chunks", "Standard s", "USD", "Express s", "USD", title=title)
    for length, pair in children:
        cells = (cell for point in pair for cell in (_seconds(point), f"{point.cost:.4f}"))
        table.add_row(length, str(len(pair[0].job.chunks)), *cells)
    return table


def _doubts(measured: Measured) -> Iterable[dict[str, Any]]:
    """What the result would be if an assumed number were another."""
    job = filling_job(min(measured.pictures), LENGTHS_S[_DOUBTED], _SHOWN_WIDTH)
    usual = modelled(measured, job)
    for name, (low, high) in _DOUBTS.items():
        limits = Limits()
        walls = [
            modelled(measured, job, limits=with_value(limits, name, value)).wall_s
            for value in (low, high)
        ]
        yield {
            "name": name,
            "taken": getattr(limits, name).value,
            "low": low,
            "high": high,
            "wall_s": usual.wall_s,
            "wall_low_s": walls[0],
            "wall_high_s": walls[1],
        }


def _doubts_table(doubts: Iterable[dict[str, Any]]) -> Table:
    title = f"How far an assumption moves it: {_DOUBTED} at {_SHOWN_WIDTH:,} at once, seconds"
    table = Table("number", "taken", "s", "if", "s", "if", "s", title=title)
    for one in doubts:
        table.add_row(
            one["name"],
            f"{one['taken']:g}",
            f"{one['wall_s']:.1f}",
            f"{one['low']:g}",
            f"{one['wall_low_s']:.1f}",
            f"{one['high']:g}",
            f"{one['wall_high_s']:.1f}",
        )
    return table


def _modelled_beside(measured: Measured, other: Published) -> tuple[Point, Point, Point]:
    """(cold, warm, cold and cut to fill) of as much video, of the nearest size measured."""
    height = min(measured.pictures, key=lambda lines: abs(math.log(lines / other.height)))
    job = default_job(height, other.duration_s, other.width)
    filling = filling_job(height, other.duration_s, other.width)
    warm = modelled(measured, job, Setting(cold=False))
    return modelled(measured, job), warm, modelled(measured, filling)


def _published(beside: Iterable[tuple[Published, Point, Point, Point]]) -> Table:
    title = "Published by others, and as much video as modelled here (not the same task: see notes)"
    modelled_names = ("model s", "USD", "cut to fill s", "USD")
    table = Table(
        "who", "what", "their s", "their USD", "lines", "width", *modelled_names, title=title
    )
    for other, cold, warm, filled in beside:
        table.add_row(
            other.who,
            other.what,
            _span(other.wall_s, "g"),
            _span(other.usd, "g"),
            str(cold.job.height),
            f"{other.width:,}",
            f"{warm.wall_s:.0f}–{cold.wall_s:.0f}",
            f"{warm.cost:.3f}–{cold.cost:.3f}",
            f"{filled.wall_s:.0f}",
            f"{filled.cost:.3f}",
        )
    table.caption = "\n".join(dict.fromkeys(f"{each.who}: {each.note}" for each, *_ in beside))
    return table


def _span(values: tuple[float, float] | None, form: str) -> str:
    if values is None:
        return "–"
    low, high = values
    return f"{low:{form}}" if low == high else f"{low:{form}}–{high:{form}}"
