"""The embedded stack on this machine: its processors are shared by all that runs."""

from collections.abc import Iterator

import simpy

from benchmarks.model.cores import SharedCores, Steps
from benchmarks.model.measured import BUSY, Measured, Picture, Run, one_run
from benchmarks.model.simulate import MAP, Job, Phases, simulate

_TRIES = 30


class Machine:
    """`warm`: workers that an earlier job left for chunks. All other functions are warm."""

    def __init__(self, measured: Measured, capacity: float, warm: int) -> None:
        self.env = simpy.Environment()
        self._measured = measured
        self._cores = SharedCores(self.env, capacity)
        self._idle = warm

    def before(self, job: Job) -> Iterator[tuple[str, Steps]]:
        _ = job
        yield "submit", self._wait(self._measured.start_s)
        for name in ("Claim Job", "Wait For Turn", "Plan Render"):
            yield name, self._wait(self._measured.states_s[name])

    def after(self, job: Job) -> Iterator[tuple[str, Steps]]:
        megabytes = job.frames * self._measured.pictures[job.height].part_bytes / 1e6
        yield "Assemble Render", self._wait(self._measured.stitch_s(megabytes, len(job.chunks)))
        yield "Finish Job", self._wait(self._measured.states_s["Finish Job"])

    def dispatch(self) -> Steps:
        yield from self._wait(self._measured.item_gap_s)

    def chunk(self, job: Job, frames: int, phases: Phases) -> Steps:
        """A part that is the same for each chunk, then its frames."""
        picture = self._measured.pictures[job.height]
        if self._idle:
            self._idle -= 1
        else:
            yield from phases.timed("cold start", self._cores.work(self._measured.cold_item_s, 1))
        for name, cpu_s, wall_s in _work(picture, frames):
            yield from phases.timed(name, self._cores.work(cpu_s, _at_once(cpu_s, wall_s)))
        self._idle += 1

    def close_map(self) -> Steps:
        yield from self._wait(self._measured.map_s)

    def beside(self, job: Job) -> Iterator[tuple[str, Steps]]:
        yield "sound", self._cores.work(self._measured.sound_cpu_s(job.duration_s), 1)

    def _wait(self, seconds: float) -> Steps:
        yield self.env.timeout(seconds)


def _work(picture: Picture, frames: int) -> Iterator[tuple[str, float, float]]:
    """(what, CPU seconds, seconds alone)."""
    yield "start of a chunk", picture.cpu_s.fixed, picture.wall_s.fixed
    yield "encode", picture.cpu_s.per_unit * frames, picture.wall_s.per_unit * frames


def _at_once(cpu_s: float, wall_s: float) -> float:
    """Processors that work uses at once where it is alone."""
    return cpu_s / wall_s if wall_s else 1.0


def capacity(measured: Measured, height: int) -> float:
    """Processors' worth of work that this machine does with every core busy: what makes the
    calibration's busy run last as long as it did."""
    run = one_run(measured.runs, BUSY, height)
    low, high = 0.5, float(measured.cores)
    for _ in range(_TRIES):
        middle = (low + high) / 2
        slower = _map_s(measured, run, middle) > run.states_s["Render Chunks"]
        low, high = (middle, high) if slower else (low, middle)
    return high


def _map_s(measured: Measured, run: Run, cores: float) -> float:
    job = Job(run.height, run.seconds, run.chunk_frames[0] / 30, run.width)
    outcome = simulate(job, Machine(measured, cores, warm=run.width))
    return max(phases.ended_s for phases in outcome.strands[MAP]) + measured.map_s
