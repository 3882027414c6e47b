"""A job on the embedded stack against one bare ffmpeg with all cores: same source, same settings.

PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.job_vs_ffmpeg \\
    --assembly build/cdk.local.out --clip-s 10 --preset veryfast

The two take turns (job, ffmpeg, job, ffmpeg, …), so that a machine whose speed drifts slows both;
ratios are taken pair by pair. Every case has a new stack, so its first job finds no function
running. The ceilings are the stack's own. VMAF is of the files made last.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import cases, plots
from benchmarks.cases import Case
from benchmarks.figures import at_seams, shown
from benchmarks.jobs import STAGES
from benchmarks.pairs import Bench, measure, row
from benchmarks.record import RESULTS, Row, record
from benchmarks.source import content, make_source
from functions.shared.request.encoding import PRESETS
from local.home import PROJECT

SECTION = "job_vs_ffmpeg"
WIDTH = 150
"""Of tables in a file."""
SOURCES = PROJECT / "build" / "bench"


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; run this by `make bench`")
        return 2
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    bench = Bench(ffmpeg, asked.assembly, console.print, with_vmaf=not asked.no_vmaf)
    rows: list[Row] = []
    for case in _chosen(asked):
        source = make_source(Path(ffmpeg), SOURCES, case.clip_s)
        rows.append(row(case, measure(bench, case, source)))
        # After each, so that a run that is broken off leaves what it has.
        record(SECTION, rows, content=content(), absolute_times="this machine's")
    console.print(_figures(rows), _times(rows))
    plots.ratios(rows, RESULTS / f"{SECTION}.svg")
    plots.stages(rows, RESULTS / f"{SECTION}_stages.svg")
    return 0


def _chosen(asked: argparse.Namespace) -> Iterator[Case]:
    """The usual cases, or all; else every combination of what is asked."""
    if any((asked.clip_s, asked.preset, asked.outputs, asked.overlay)):
        for clip_s, preset, outputs, overlay in product(
            asked.clip_s or (cases.LENGTHS_S[0],),
            asked.preset or cases.PRESETS,
            asked.outputs or (1,),
            [text == "yes" for text in asked.overlay or ("no",)],
        ):
            yield Case(clip_s, preset, outputs, overlay, asked.rounds or 1)
        return
    for case in cases.every() if asked.full else cases.USUAL:
        yield replace(case, rounds=asked.rounds or case.rounds)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="job_vs_ffmpeg", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--full", action="store_true", help="all cases; hours")
    parser.add_argument("--clip-s", type=int, nargs="+", help="these in place of the usual cases")
    parser.add_argument("--preset", choices=PRESETS, nargs="+")
    parser.add_argument("--outputs", type=int, choices=(1, 4), nargs="+", help="4 is the ladder")
    parser.add_argument("--overlay", choices=("yes", "no"), nargs="+")
    parser.add_argument("--rounds", type=int, help="of every case")
    parser.add_argument("--no-vmaf", action="store_true")
    return parser.parse_args(arguments)


def _figures(rows: Sequence[Row]) -> Table:
    title = "A job by one bare ffmpeg, median (range)"
    table = Table("case", "chunks", "wall", "CPU", "bytes", "VMAF", "at seams", title=title)
    for each in rows:
        table.add_row(
            name(each),
            f"{each['chunks']} of {each['chunk_s']:g} s",
            shown(each, "wall_ratio"),
            shown(each, "cpu_ratio"),
            f"{each['bytes_ratio'] - 1:+.2%}",
            _signed(each["vmaf_delta"]),
            at_seams(each),
        )
    return table


def _times(rows: Sequence[Row]) -> Table:
    title = "Seconds and peak memory on this machine, and where a job's time goes"
    table = Table("case", "job", "ffmpeg", "MB chunk", "MB ffmpeg", *STAGES, title=title)
    for each in rows:
        table.add_row(
            name(each),
            f"{each['job_s']:.1f}",
            f"{each['ffmpeg_s']:.1f}",
            str(each["chunk_peak_mb"]),
            str(each["ffmpeg_peak_mb"]),
            *(f"{each['stages'][stage]:.2f}" for stage in STAGES),
        )
    return table


def name(each: Row) -> str:
    return Case(each["clip_s"], each["preset"], each["outputs"], each["overlay"]).name


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


if __name__ == "__main__":
    sys.exit(main())
