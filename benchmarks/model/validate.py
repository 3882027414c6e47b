"""Predicts jobs on this machine, runs them, and says how far off it was.

The clip and the number of chunks are others than calibration had.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.model.calibrate import Clip, measured_run
from benchmarks.model.machine import Machine, capacity
from benchmarks.model.measured import Measured, Run
from benchmarks.model.simulate import MAP, Job, simulate
from benchmarks.record import record
from benchmarks.stack import new_stack

WIDTHS = (1, 2, 4)
ALLOWED = 0.15
CHUNK_S = 10.0
_WHOLE_S = 60.0
SECTION = "model_validation"


@dataclass(frozen=True)
class Compared:
    """A job as it was predicted and as it ran. Seconds."""

    width: int
    chunks: int
    warm: int
    """Workers for chunks that were there before it."""
    predicted_s: float
    measured_s: float
    map_predicted_s: float
    map_measured_s: float

    @property
    def error(self) -> float:
        return self.predicted_s / self.measured_s - 1


def predicted(measured: Measured, cores: float, job: Job, warm: int) -> tuple[float, float]:
    """(the job's wall, its Map's)."""
    outcome = simulate(job, Machine(measured, cores, warm))
    ends = [phases.ended_s for phases in outcome.strands[MAP]]
    return outcome.wall_s, max(ends) + measured.map_s


def validate(
    console: Console,
    measured: Measured,
    assembly: Path,
    ffmpeg: Path,
    height: int,
    seconds: int,
    rounds: int,
) -> int:
    """0 where every prediction is within ALLOWED of what was measured, else 1."""
    cores = capacity(measured, height)
    found = []
    with new_stack("model-validate", assembly) as (client, aws):
        measured_run(client, aws, Clip.bundled(client), "warming", 1, _WHOLE_S)
        clip = Clip.uploaded(client, ffmpeg, seconds, height)
        warm = 1
        for _ in range(rounds):
            for width in WIDTHS:
                job = Job(height, seconds, CHUNK_S, width)
                wall_s, map_s = predicted(measured, cores, job, warm)
                run = measured_run(client, aws, clip, "validation", width, CHUNK_S)
                found.append(_compared(run, warm, wall_s, map_s))
                console.print(_line(found[-1]))
                warm = max(warm, min(width, run.parts))
    console.print(_table(found, seconds, height, cores))
    rows: list[dict[str, Any]] = [{**vars(one), "error": one.error} for one in found]
    record(SECTION, rows, allowed=ALLOWED, seconds=seconds, height=height, capacity=cores)
    return 0 if all(abs(one.error) <= ALLOWED for one in found) else 1


def _compared(run: Run, warm: int, wall_s: float, map_s: float) -> Compared:
    return Compared(
        width=run.width,
        chunks=run.parts,
        warm=warm,
        predicted_s=wall_s,
        measured_s=run.wall_s,
        map_predicted_s=map_s,
        map_measured_s=run.states_s["Render Chunks"],
    )


def _line(one: Compared) -> str:
    return (
        f"{one.width} at once: predicted {one.predicted_s:.1f} s, measured {one.measured_s:.1f} s,"
        f" {one.error:+.1%}"
    )


def _table(found: list[Compared], seconds: int, height: int, cores: float) -> Table:
    title = (
        f"This machine: {seconds} s of {height} lines, medium ({cores:.2f} cores' worth of work)"
    )
    table = Table(
        "at once", "chunks", "warm", "predicted s", "measured s", "error", "within", title=title
    )
    for one in found:
        shown = f"{one.predicted_s:.1f}", f"{one.measured_s:.1f}", f"{one.error:+.1%}"
        within = "yes" if abs(one.error) <= ALLOWED else "NO"
        table.add_row(str(one.width), str(one.chunks), str(one.warm), *shown, within)
    return table
