"""What calibration runs tell of the pipeline: one cost for each thing that a job is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Self

import numpy as np

FINE, COARSE, BUSY = "fine", "coarse", "busy"
"""One chunk at a time, cut fine and not at all; and fine with every core busy."""
COLD, WARM, MANY, LARGE = "cold", "warm", "many", "large"
"""The first job of a stack, the same again, one of many parts, one of large ones."""
_MB = 1e6


class NotCalibratedError(RuntimeError):
    """There are no calibration runs to predict from."""


@dataclass(frozen=True)
class Run:
    """One job as it was measured. Seconds; `cpu_s` by function, children included."""

    kind: str
    height: int
    width: int
    seconds: float
    chunk_frames: list[int]
    wall_s: float
    start_s: float
    """From sending the message to the execution's start."""
    states_s: dict[str, float]
    items_s: list[float]
    """The Map's children, from their start to their end."""
    cpu_s: dict[str, float]
    output_bytes: int
    source_bytes: int
    peak_mb: dict[str, int] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        return sum(self.chunk_frames)

    @property
    def parts(self) -> int:
        return len(self.chunk_frames)


@dataclass(frozen=True)
class Line:
    """A cost: `fixed` for each one, `per_unit` for each unit of it."""

    fixed: float
    per_unit: float

    def __call__(self, units: float) -> float:
        return self.fixed + self.per_unit * units

    @classmethod
    def through(cls, one: tuple[float, float], other: tuple[float, float]) -> Self:
        """Through two points (units, cost)."""
        per_unit = max(0.0, (other[1] - one[1]) / (other[0] - one[0]))
        return cls(max(0.0, one[1] - per_unit * one[0]), per_unit)

    @classmethod
    def of_cuts(cls, fine: tuple[float, int], coarse: tuple[float, int], units: int) -> Self:
        """From the totals (sum, count) of the same units cut two ways."""
        fixed = max(0.0, (fine[0] - coarse[0]) / (fine[1] - coarse[1]))
        return cls(fixed, max(0.0, (fine[0] - fine[1] * fixed) / units))


@dataclass(frozen=True)
class Picture:
    """Chunks of one size of picture, at the preset they were measured with."""

    height: int
    cpu_s: Line
    """CPU seconds of a chunk by its frames, on a machine that does nothing else."""
    wall_s: Line
    busy: float
    """CPU seconds with every core busy, for one alone."""
    part_bytes: float
    """Of a frame."""
    source_bytes_per_s: float
    peak_mb: int
    """Of a chunk's function with its ffmpeg."""


@dataclass(frozen=True)
class Stitch:
    """Assemble Render."""

    fixed_s: float
    s_per_mb: float
    s_per_part: float

    def __call__(self, megabytes: float, parts: int) -> float:
        return self.fixed_s + self.s_per_mb * megabytes + self.s_per_part * parts

    @classmethod
    def fitted(cls, points: Sequence[tuple[float, int, float]]) -> Self:
        """Least squares over (MB, parts, seconds); what comes out below 0 is taken as 0."""
        left = np.array([[1.0, megabytes, parts] for megabytes, parts, _ in points])
        right = np.array([seconds for *_, seconds in points])
        use = [0, 1, 2]
        found = np.zeros(3)
        while use:
            solved = np.linalg.lstsq(left[:, use], right, rcond=None)[0]
            if (solved >= 0).all():
                found[use] = solved
                break
            use = [column for column, value in zip(use, solved, strict=True) if value >= 0]
        return cls(*map(float, found))


@dataclass(frozen=True)
class Measured:
    """All that the model needs of this machine and of the code."""

    cores: int
    pictures: dict[int, Picture]
    start_s: float
    states_s: dict[str, float]
    """Warm, of the states that only read and write records, and of the plan of the lower height."""
    call_cpu_s: dict[str, float]
    """CPU seconds of a warm call, by function."""
    init_cpu_s: dict[str, float]
    """What a first call needs beyond that."""
    cold_item_s: float
    """Seconds longer that a chunk takes in a new worker, here."""
    item_gap_s: float
    """From one child's end to the next one's start."""
    map_s: float
    sound_cpu_s: Line
    """By seconds of sound."""
    stitch_s: Stitch
    stitch_cpu_s: Stitch
    picture_cpu_s: float
    """Of one snapshot."""
    threads: list[dict[str, float]]
    """(threads, cpu_s, wall_s) of one chunk."""
    layers_mb: dict[str, float]
    runs: list[Run]

    @classmethod
    def read(cls, latest: dict[str, Any], section: str) -> Self:
        """From benchmarks/results/latest.json's content."""
        if section not in latest:
            raise NotCalibratedError(
                f"benchmarks/results/latest.json has no {section}: run"
                " `python -m benchmarks.model calibrate` first."
            )
        about = latest["about"][section]
        return cls.fitted(
            [Run(**row) for row in latest[section]],
            cores=about["cores"],
            threads=about["threads"],
            layers_mb=about["layers_mb"],
        )

    @classmethod
    def fitted(
        cls,
        runs: list[Run],
        *,
        cores: int,
        threads: list[dict[str, float]],
        layers_mb: dict[str, float],
    ) -> Self:
        cold, warm = one_run(runs, COLD), one_run(runs, WARM)
        heights = sorted({run.height for run in runs if run.kind == FINE})
        main = min(heights, default=0)
        fine, coarse = one_run(runs, FINE, main), one_run(runs, COARSE, main)
        later = [run for run in runs if run.kind != COLD]
        alike = [run for run in later if run.height == main]
        gaps = Line.of_cuts(_gaps(fine), _gaps(coarse), 1)
        stitched = [(run.output_bytes / _MB, run.parts) for run in later]
        names = ("Claim Job", "Wait For Turn", "Plan Render", "Finish Job")
        sound = Line.through(
            *((run.seconds, run.cpu_s["render_audio"]) for run in (warm, fine)),
        )
        return cls(
            cores=cores,
            pictures={height: _picture(runs, height) for height in heights},
            start_s=median(run.start_s for run in later),
            states_s={name: median(run.states_s[name] for run in alike) for name in names},
            call_cpu_s=dict(warm.cpu_s),
            init_cpu_s={
                name: max(0.0, spent - warm.cpu_s.get(name, 0.0))
                for name, spent in cold.cpu_s.items()
            },
            cold_item_s=max(0.0, cold.items_s[0] - warm.items_s[0]),
            item_gap_s=gaps.fixed,
            map_s=max(0.0, _gaps(coarse)[0] - gaps.fixed),
            sound_cpu_s=sound,
            stitch_s=Stitch.fitted(
                [
                    (*point, run.states_s["Assemble Render"])
                    for point, run in zip(stitched, later, strict=True)
                ]
            ),
            stitch_cpu_s=Stitch.fitted(
                [
                    (*point, run.cpu_s["assemble_render"])
                    for point, run in zip(stitched, later, strict=True)
                ]
            ),
            picture_cpu_s=warm.cpu_s.get("take_snapshots", 0.0) / PICTURES,
            threads=threads,
            layers_mb=layers_mb,
            runs=runs,
        )


PICTURES = 4
"""Snapshots of the cold and the warm run."""


def _picture(runs: list[Run], height: int) -> Picture:
    fine, coarse, busy = (one_run(runs, kind, height) for kind in (FINE, COARSE, BUSY))
    cpu = Line.of_cuts(_cpu(fine), _cpu(coarse), fine.frames)
    wall = Line.of_cuts(
        (sum(fine.items_s), fine.parts), (sum(coarse.items_s), coarse.parts), fine.frames
    )
    return Picture(
        height=height,
        cpu_s=cpu,
        wall_s=wall,
        busy=_cpu(busy)[0] / _cpu(fine)[0],
        part_bytes=fine.output_bytes / fine.frames,
        source_bytes_per_s=fine.source_bytes / fine.seconds,
        peak_mb=max(run.peak_mb.get("render_chunk", 0) for run in (fine, coarse, busy)),
    )


def one_run(runs: Iterable[Run], kind: str, height: int | None = None) -> Run:
    found = [run for run in runs if run.kind == kind and height in (None, run.height)]
    if not found:
        of_height = f" of {height} lines" if height else ""
        raise NotCalibratedError(f"No {kind} run{of_height} was measured: calibrate again.")
    return found[0]


def _cpu(run: Run) -> tuple[float, int]:
    return run.cpu_s["render_chunk"], run.parts


def _gaps(run: Run) -> tuple[float, int]:
    """Of a run with one chunk at a time: what the Map took beyond its children."""
    return max(0.0, run.states_s["Render Chunks"] - sum(run.items_s)), run.parts
