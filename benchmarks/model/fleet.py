"""Execution environments of one function, which AWS makes at a limited rate."""

import random
from collections.abc import Generator
from typing import Any

import simpy

from benchmarks.model.limits import Limits

_RETRY_S, _RETRY_MOST_S = 2.0, 60.0
"""Of Lambda.TooManyRequestsException, doubled each time, with full jitter: the state machine's."""


class Fleet:
    """`cold`: there is no environment yet; else there are as many as are asked for."""

    def __init__(self, env: simpy.Environment, limits: Limits, *, cold: bool) -> None:
        self.made = 0
        self.refused = 0
        """Calls that AWS throttled; each was tried again."""
        self._env = env
        self._limits = limits
        self._cold = cold
        self._idle = 0
        self._tokens = limits.scale_up_burst.value
        self._tokens_at = 0.0
        self._chance = random.Random(1)  # noqa: S311 - a simulation that is the same each time

    def take(self) -> Generator[simpy.Event, Any, bool]:
        """True where a new environment is made for it."""
        if not self._cold:
            return False
        tries = 0
        while not self._idle:
            self._refill()
            if self._tokens >= 1:
                self._tokens -= 1
                self.made += 1
                return True
            self.refused += 1
            most_s = min(_RETRY_MOST_S, _RETRY_S * 2**tries)
            tries += 1
            yield self._env.timeout(self._chance.uniform(0, most_s))
        self._idle -= 1
        return False

    def give_back(self) -> None:
        """Warm now, for whoever comes next."""
        self._idle += 1

    def _refill(self) -> None:
        more = (self._env.now - self._tokens_at) * self._limits.scale_up_per_s.value
        self._tokens = min(self._limits.scale_up_burst.value, self._tokens + more)
        self._tokens_at = self._env.now


def threaded(measured: list[dict[str, float]], threads: int) -> tuple[float, float]:
    """(CPU seconds for one thread's, processors used at once) with so many threads.

    Beyond what was measured each further thread is taken to add as much as the last one did.
    """
    points = sorted(measured, key=lambda row: row["threads"])
    spent = [row["cpu_s"] / points[0]["cpu_s"] for row in points]
    used = [row["cpu_s"] / row["wall_s"] for row in points]
    beyond = threads - len(points)
    if beyond <= 0:
        return spent[threads - 1], used[threads - 1]
    last = max(0, len(points) - 2)
    return (
        spent[-1] + beyond * (spent[-1] - spent[last]),
        used[-1] + beyond * (used[-1] - used[last]),
    )
