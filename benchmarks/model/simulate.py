"""One job as a simulation: the states of the machine, and what happens inside Render Media.

How long each step takes, and what it waits for, is its platform's: AWS, or this machine.
"""

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import simpy

from benchmarks.model.cores import Steps

MAP = "Render Chunks"


@dataclass(frozen=True)
class Job:
    """What is rendered: one H.264 output with sound, and a few pictures."""

    height: int
    duration_s: float
    chunk_s: float
    width: int
    """Chunks at once, at most."""
    rate: int = 30
    pictures: int = 0

    @property
    def chunks(self) -> list[int]:
        """Frames of each."""
        total, each = round(self.duration_s * self.rate), round(self.chunk_s * self.rate)
        whole, rest = divmod(total, each)
        return [each] * whole + ([rest] if rest else [])

    @property
    def frames(self) -> int:
        return sum(self.chunks)


@dataclass
class Phases:
    """What one strand of work spent its time on, in order."""

    env: simpy.Environment
    began_s: float = 0.0
    ended_s: float = 0.0
    spent_s: dict[str, float] = field(default_factory=dict)

    def timed(self, name: str, steps: Generator[simpy.Event, Any, Any]) -> Any:
        began = self.env.now
        result = yield from steps
        self.spent_s[name] = self.spent_s.get(name, 0.0) + self.env.now - began
        return result


@dataclass(frozen=True)
class Outcome:
    """Seconds."""

    wall_s: float
    stages_s: dict[str, float]
    """The machine's states in order; they add up to the wall."""
    strands: dict[str, list[Phases]]
    """What ran side by side in Render Media: the chunks under MAP, sound and pictures."""

    @property
    def path_s(self) -> dict[str, float]:
        """The stages, with Render Media as what its last strand waited for."""
        parts: dict[str, float] = {}
        for name, seconds in self.stages_s.items():
            if name != "Render Media":
                parts[name] = seconds
                continue
            last = max((one for each in self.strands.values() for one in each), key=_end)
            which = next(name for name, each in self.strands.items() if last in each)
            waited = {"waiting for a place": last.began_s} if which == MAP else {}
            found = {**waited, **last.spent_s}
            parts |= found
            parts["Map Run"] = max(0.0, seconds - sum(found.values()))
        return parts


def _end(strand: Phases) -> float:
    return strand.ended_s


class Platform(Protocol):
    """Each step as a simpy process."""

    env: simpy.Environment

    def before(self, job: Job) -> Iterable[tuple[str, Steps]]:
        """The states before Render Media."""
        ...

    def after(self, job: Job) -> Iterable[tuple[str, Steps]]: ...

    def dispatch(self) -> Steps:
        """From a place that is free to a child execution that runs."""
        ...

    def chunk(self, job: Job, frames: int, phases: Phases) -> Steps: ...

    def close_map(self) -> Steps:
        """From the last child's end to the Map's."""
        ...

    def beside(self, job: Job) -> Iterable[tuple[str, Steps]]:
        """Sound and pictures."""
        ...


def simulate(job: Job, platform: Platform) -> Outcome:
    stages: dict[str, float] = {}
    strands: dict[str, list[Phases]] = {}
    platform.env.process(_job(job, platform, stages, strands))
    platform.env.run()
    return Outcome(math.fsum(stages.values()), stages, strands)


def _job(
    job: Job, platform: Platform, stages: dict[str, float], strands: dict[str, list[Phases]]
) -> Steps:
    env = platform.env
    whole = Phases(env, spent_s=stages)
    for name, steps in platform.before(job):
        yield from whole.timed(name, steps)
    yield from whole.timed("Render Media", _media(job, platform, strands))
    for name, steps in platform.after(job):
        yield from whole.timed(name, steps)


def _media(job: Job, platform: Platform, strands: dict[str, list[Phases]]) -> Steps:
    env = platform.env
    began = env.now

    def alone(name: str, steps: Steps, phases: Phases) -> Steps:
        yield from phases.timed(name, steps)
        phases.ended_s = env.now - began

    running = [env.process(_map(job, platform, strands.setdefault(MAP, [])))]
    for name, steps in platform.beside(job):
        phases = Phases(env)
        strands.setdefault(name, []).append(phases)
        running.append(env.process(alone(name, steps, phases)))
    yield env.all_of(running)


def _map(job: Job, platform: Platform, made: list[Phases]) -> Steps:
    """Children start in the order of their chunks, each as soon as there is a place."""
    env = platform.env
    began = env.now
    places = simpy.Resource(env, capacity=job.width)

    def child(frames: int, place: Any, phases: Phases) -> Steps:
        yield from platform.chunk(job, frames, phases)
        phases.ended_s = env.now - began
        places.release(place)

    children = []
    for frames in job.chunks:
        place = places.request()
        yield place
        phases = Phases(env, began_s=env.now - began)
        made.append(phases)
        yield from phases.timed("dispatch", platform.dispatch())
        children.append(env.process(child(frames, place, phases)))
    yield env.all_of(children)
    yield from platform.close_map()
