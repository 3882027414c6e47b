"""A round: jobs come in, some are cancelled, faults happen; at rest all is checked."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.load.evidence import Sent
from benchmarks.load.follow import Followed, gather, is_at_rest
from benchmarks.load.stack import Look, look
from benchmarks.soak.faults import Machine
from benchmarks.soak.kinds import Messages
from benchmarks.soak.promises import Disturbed, broken_promises
from benchmarks.soak.ways import AcceptedError, Ways
from reelwright.direct import TERMINAL

WIDTH = 12
"""Jobs under way at once."""
_POLL_S = 0.25
_REST_S = 420.0
"""A throttled chunk may wait a minute for each of its tries, and so may a message that a killed
function had in hand."""
_CANCELS_A_LOOK = 0.04
_KILL_EVERY_S, _THROTTLE_EVERY_S = 7.0, 9.0
_KINDS_CANCELLED = {"render", "varied", "failing"}


@dataclass
class Round:
    """One round. `tell` is given the statuses of its jobs while it runs."""

    ways: Ways
    machine: Machine
    messages: Messages
    draw: random.Random
    tell: Callable[[Counter[str]], None]
    sent: list[Sent] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    refused: int = 0
    cancelled: dict[str, bool | None] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    ends: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    @property
    def job_ids(self) -> list[str]:
        return [one.job_id for one in self.sent]

    def run(self, seconds: float, ceiling: int, *, stop_engine: bool) -> None:
        """For so long jobs come in. `broken` has what was not as promised."""
        self._followed = Followed(datetime.now(UTC), [], self.sent)
        began = time.monotonic()
        until = began + seconds
        is_stopped = not stop_engine
        kill_at, throttle_at = (self._soon(s) for s in (_KILL_EVERY_S, _THROTTLE_EVERY_S))
        throttled: threading.Timer | None = None
        while (now := time.monotonic()) < until:
            seen = self._look()
            self._send(seen)
            self._cancel(seen)
            if now > kill_at:
                self.machine.kill_one(self.draw)
                kill_at = self._soon(_KILL_EVERY_S)
            if now > throttle_at and not (throttled and throttled.is_alive()):
                throttled = self.machine.throttle(self.draw)
                throttle_at = self._soon(_THROTTLE_EVERY_S)
            if not is_stopped and now > until - seconds / 2:
                if throttled:
                    throttled.join()
                self.stopped = set(self._open(self._look()))
                self.machine.start_again()
                is_stopped = True
            time.sleep(_POLL_S)
        if throttled:
            throttled.join()
        self._rest()
        self.took_s = time.monotonic() - began
        run = gather(self.ways.direct, self._followed, ceiling)
        self.ends.update(str(row["status"]) for row in run.rows.values())
        self.broken += broken_promises(run, Disturbed(self.cancelled, self.stopped))

    def _soon(self, seconds: float) -> float:
        return time.monotonic() + self.draw.uniform(0.5, 1.5) * seconds

    def _look(self) -> Look:
        seen = look(self.ways.direct, self.job_ids)
        self._followed.samples.append(seen.sample)
        self.tell(Counter(self._status(seen, job_id) for job_id in self.job_ids))
        return seen

    def _status(self, seen: Look, job_id: str) -> str:
        return seen.statuses.get(job_id, "SENT")

    def _open(self, seen: Look) -> list[str]:
        """Jobs that have not ended."""
        return [job_id for job_id in self.job_ids if self._status(seen, job_id) not in TERMINAL]

    def _send(self, seen: Look) -> None:
        if len(self._open(seen)) >= WIDTH:
            return
        try:
            one = self.ways.send(self.draw, self.messages.next())
        except AcceptedError as error:
            self.broken.append(f"Refused: {error}")
            return
        if one is None:
            self.refused += 1
        else:
            self.sent.append(one)

    def _cancel(self, seen: Look) -> None:
        """Now and then one of those that are under way, at whatever point it is."""
        if self.draw.random() > _CANCELS_A_LOOK:
            return
        good = {one.job_id for one in self.sent if one.message.kind in _KINDS_CANCELLED}
        choice = [i for i in self._open(seen) if i in good and i not in self.cancelled]
        if choice:
            job_id = self.draw.choice(choice)
            self.cancelled[job_id] = self.ways.cancel(self.draw, job_id)

    def _rest(self) -> None:
        """Until all has ended and nothing is under way, or time is up: then the checks tell."""
        deadline = time.monotonic() + _REST_S
        while time.monotonic() < deadline:
            seen = self._look()
            if not self._open(seen) and is_at_rest(self.ways.direct, self._followed.began):
                return
            time.sleep(_POLL_S)
