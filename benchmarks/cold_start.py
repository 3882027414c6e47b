"""What a function's cold start takes: `python -m benchmarks.cold_start`.

Each handler is imported in fresh processes that see its package, its layers and Lambda's runtime,
as the embedded workers do, after the runtime's own client, which Lambda has loaded before. CPU
time is told beside wall time: on a machine with other work it is the fairer.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.cold.packages import Function, bytecode_share, functions_of, size_of
from benchmarks.cold.plot import draw
from benchmarks.cold.starts import Start, heaviest, start, without_bytecode
from benchmarks.figures import spread_of
from benchmarks.record import RESULTS, record
from local.home import PROJECT
from local.runtime import build_runtime

SECTION = "cold_start"
GOAL_MS = 150
EXEMPT = "handle_api"
"""The goal is for every function but this."""
_LIMIT_MB = 250


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold_start", description=__doc__)
    parser.add_argument("--assembly", type=Path, default=PROJECT / "build" / "cdk.local.out")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", nargs="+", metavar="FUNCTION")
    asked = parser.parse_args()
    chosen = [
        each for each in functions_of(asked.assembly) if each.name in (asked.only or each.name)
    ]
    runtime = build_runtime()
    with TemporaryDirectory() as folder:
        bare = without_bytecode(chosen, Path(folder))
        rows = [_row(each, starts) for each, starts in _rounds(chosen, bare, runtime, asked.rounds)]
        for row, each in zip(rows, chosen, strict=True):
            row["heaviest"] = heaviest(each, runtime)
    layers = [
        {"layer": name, **size_of(path), "bytecode": bytecode_share(path)}
        for name, path in sorted({layer for each in chosen for layer in each.layers.items()})
    ]
    _print(rows, layers)
    record(SECTION, rows, layers=layers, goal_ms=GOAL_MS, limit_mb=_LIMIT_MB)
    draw(rows, GOAL_MS, RESULTS / f"{SECTION}.svg")
    return 0


def _rounds(
    chosen: Sequence[Function], bare: Sequence[Function], runtime: Path, rounds: int
) -> list[tuple[Function, tuple[list[Start], list[Start]]]]:
    """Of each function its starts as it is, and without bytecode; taken in turn."""
    taken = [(each, (list[Start](), list[Start]())) for each in chosen]
    for number in range(-1, rounds):
        for (each, (usual, compiling)), plain in zip(taken, bare, strict=True):
            pair = start(each, runtime), start(plain, runtime)
            if number >= 0:  # the first is for the machine's own caches
                usual.append(pair[0])
                compiling.append(pair[1])
    return taken


def _row(function: Function, starts: tuple[list[Start], list[Start]]) -> dict[str, Any]:
    usual, compiling = starts
    total_mb = sum(size_of(path)["unzipped_mb"] for path in function.roots)
    return {
        "function": function.name,
        "rounds": len(usual),
        **spread_of("import_cpu_ms", [each.cpu_ms for each in usual], 1),
        **spread_of("import_ms", [each.wall_ms for each in usual], 1),
        **spread_of("clients_cpu_ms", [each.clients_cpu_ms for each in usual], 1),
        **spread_of("without_bytecode_cpu_ms", [each.cpu_ms for each in compiling], 1),
        "modules": usual[0].modules,
        "package": {**size_of(function.code), "bytecode": bytecode_share(function.code)},
        "layers": sorted(function.layers),
        "total_unzipped_mb": round(total_mb, 1),
    }


def _print(rows: Sequence[dict[str, Any]], layers: Sequence[dict[str, Any]]) -> None:
    console = Console(highlight=False)
    table = Table("function", title="Cold start: import of the handler, medians (least)")
    for column in ("CPU ms", "wall ms", "clients", "no bytecode", "modules", "zip MB", "all MB"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row["function"],
            f"{row['import_cpu_ms']:.0f} ({row['import_cpu_ms_min']:.0f})",
            f"{row['import_ms']:.0f} ({row['import_ms_min']:.0f})",
            f"{row['clients_cpu_ms']:.0f}",
            f"{row['without_bytecode_cpu_ms']:.0f}",
            str(row["modules"]),
            f"{row['package']['zipped_mb']:.2f}",
            f"{row['total_unzipped_mb']:.0f}",
        )
    console.print(table)
    for row in rows:
        told = (f"{each['module']} {each['cumulative_ms']:.0f}" for each in row["heaviest"][:8])
        console.print(f"{row['function']}: {', '.join(told)}")
    for layer in layers:
        console.print(
            f"layer {layer['layer']}: {layer['unzipped_mb']:.1f} MB, zipped "
            f"{layer['zipped_mb']:.1f} MB, {layer['packages']} packages"
        )
    slow = [
        row["function"]
        for row in rows
        if row["function"] != EXEMPT and row["import_cpu_ms"] >= GOAL_MS
    ]
    console.print(f"Not below {GOAL_MS} ms of CPU time: {', '.join(slow) or 'none'}.")


if __name__ == "__main__":
    sys.exit(main())
