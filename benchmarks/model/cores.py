"""Processors that several tasks share evenly, each task up to what it can use at once."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

_DONE_S = 1e-9
Steps = Generator[simpy.Event, Any, None]


def shares(wanted: Sequence[float], capacity: float) -> list[float]:
    """What each gets: no more than it wants, the rest divided evenly among those that want more."""
    given = [0.0] * len(wanted)
    left, open_ = capacity, sorted(range(len(wanted)), key=lambda one: wanted[one])
    for position, one in enumerate(open_):
        given[one] = min(wanted[one], left / (len(open_) - position))
        left -= given[one]
    return given


@dataclass
class _Task:
    left_s: float
    """CPU seconds still to do."""
    at_most: float
    """Processors it can use at once."""
    done: simpy.Event


class SharedCores:
    """`capacity` is in processors' worth of work: less than their number where busy ones slow each
    other."""

    def __init__(self, env: simpy.Environment, capacity: float) -> None:
        self._env = env
        self._capacity = capacity
        self._tasks: list[_Task] = []
        self._since = 0.0
        self._changes = 0

    def work(self, cpu_s: float, at_most: float) -> Steps:
        """Takes cpu_s / at_most where nobody else works."""
        if cpu_s <= 0:
            return
        self._advance()
        task = _Task(cpu_s, at_most, self._env.event())
        self._tasks.append(task)
        self._plan()
        yield task.done

    def _rates(self) -> list[float]:
        return shares([task.at_most for task in self._tasks], self._capacity)

    def _advance(self) -> None:
        """Bring every task to now."""
        passed = self._env.now - self._since
        for task, rate in zip(self._tasks, self._rates(), strict=True):
            task.left_s -= passed * rate
        self._since = self._env.now

    def _plan(self) -> None:
        """Wake when the next task ends; a change meanwhile makes this plan void."""
        self._changes += 1
        if self._tasks:
            self._env.process(self._wake(self._changes))

    def _wake(self, change: int) -> Steps:
        ends = (
            max(0.0, task.left_s) / rate
            for task, rate in zip(self._tasks, self._rates(), strict=True)
        )
        yield self._env.timeout(min(ends))
        if change != self._changes:
            return
        self._advance()
        ended = [task for task in self._tasks if task.left_s <= _DONE_S]
        self._tasks = [task for task in self._tasks if task.left_s > _DONE_S]
        for task in ended:
            task.done.succeed()
        self._plan()
