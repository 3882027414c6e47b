"""The bars."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

_ROW_IN = 0.32


def draw(rows: Sequence[Mapping[str, Any]], goal_ms: int, file: Path) -> None:
    """CPU time of each import, and beside it what it would be without bytecode."""
    mpl.rcParams.update({"svg.hashsalt": "reelwright", "font.size": 10, "axes.axisbelow": True})
    names = [row["function"] for row in rows]
    usual = [row["import_cpu_ms"] for row in rows]
    compiling = [row["without_bytecode_cpu_ms"] for row in rows]
    figure = Figure(figsize=(8.5, 1.8 + _ROW_IN * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(names, compiling, color="#d9d9d9", label="without bytecode")
    axes.barh(names, usual, color="#2b6cb0", label="as packaged")
    axes.axvline(goal_ms, color="#c53030", linewidth=1, linestyle="--", label=f"goal {goal_ms} ms")
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("CPU time of importing the handler, ms (median, measured on this machine)")
    axes.set_title("Cold start: what each function's import takes")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)
    figure.savefig(file, metadata={"Date": None})
