"""How long a chunk should be: wall, CPU, bytes and VMAF of jobs by their chunks' length.

PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.chunk_length \\
    --assembly build/cdk.local.out --clip-s 60 --preset veryfast medium

Each length is a job and a bare ffmpeg in turn, as in job_vs_ffmpeg; the last is the one that the
plan chooses by itself. Bare ffmpeg always has a key frame every five seconds, as a job has unless
its chunks are shorter.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import plots
from benchmarks.cases import PRESETS, Case
from benchmarks.figures import at_seams, shown
from benchmarks.job_vs_ffmpeg import SOURCES, WIDTH
from benchmarks.pairs import Bench, measure, row
from benchmarks.record import RESULTS, Row, record
from benchmarks.source import RATE, content, make_source
from functions.plan_render.chunk_policy import GOP_S

SECTION = "chunk_length"
LENGTHS_S = (2, 5, 10, 20, 30)
_KEYINT = round(GOP_S * RATE)


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; run this by `make bench`")
        return 2
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    bench = Bench(ffmpeg, asked.assembly, console.print, with_vmaf=not asked.no_vmaf)
    source = make_source(Path(ffmpeg), SOURCES, asked.clip_s)
    rows: list[Row] = []
    for preset in asked.preset:
        case = Case(asked.clip_s, preset, rounds=asked.rounds)
        for chunk_s in (*(each for each in asked.chunk_s if each < asked.clip_s), None):
            more = {} if chunk_s is None else {"chunk_s": chunk_s}
            found = row(case, measure(bench, case, source, keyint=_KEYINT, **more))
            rows.append({**found, "asked_s": chunk_s})
            record(SECTION, rows, content=content(), absolute_times="this machine's")
    console.print(_figures(rows))
    plots.chunk_lengths(rows, RESULTS / f"{SECTION}.svg")
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chunk_length", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--clip-s", type=int, default=60)
    parser.add_argument("--preset", nargs="+", default=PRESETS)
    parser.add_argument("--chunk-s", type=float, nargs="*", default=LENGTHS_S)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-vmaf", action="store_true")
    return parser.parse_args(arguments)


def _figures(rows: Sequence[Row]) -> Table:
    table = Table("preset", "chunk", "wall", "CPU", "bytes", "VMAF", "at seams")
    table.title = "A job by one bare ffmpeg, by the length of its chunks"
    for each in rows:
        chosen = "" if each["asked_s"] else " (default)"
        table.add_row(
            each["preset"],
            f"{each['chunk_s']:g} s{chosen}",
            shown(each, "wall_ratio"),
            shown(each, "cpu_ratio"),
            f"{each['bytes_ratio'] - 1:+.2%}",
            "" if each["vmaf_delta"] is None else f"{each['vmaf_delta']:+.2f}",
            at_seams(each),
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
