"""Runs of a stream: stretches within which its times go on. Pure.

A file that was put together of several, or whose recorder's clock was set anew, holds times that go
back or leap ahead, at the same place in all its streams. A stretch with one clock is an epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

BACK_S = Fraction(1, 10)
"""Decoding times only rise; what goes back less is a writer's rounding."""
AHEAD_S = Fraction(10)
"""A shorter leap is a pause, or lost packets: it keeps its length."""
_CONFIRMED = 3
"""Packets in a row; fewer with times of their own are damaged."""
_NEAR = 400
"""Packets: how far apart in a file what belongs together may be, a few seconds."""
_SOUND_OVER_S = Fraction(1, 4)
"""How much sound behind the last picture gives way to the sound of what follows."""


@dataclass(frozen=True)
class Seen:
    """What of a packet tells where it belongs. Seconds."""

    place: int
    """Counted over all streams, in the file's order."""
    number: int
    """Counted in its stream."""
    decoded_s: Fraction
    shown_s: Fraction
    lasts_s: Fraction


@dataclass
class Run:
    """Of one stream. `first` is the number of its first packet."""

    place: int
    first: int
    start_s: Fraction
    end_s: Fraction
    last_s: Fraction
    """Where the packet that follows is expected to be decoded."""
    packets: int = 0

    @classmethod
    def begin(cls, seen: Seen) -> "Run":
        run = cls(seen.place, seen.number, seen.shown_s, seen.shown_s, seen.decoded_s)
        run.add(seen)
        return run

    def goes_on_with(self, seen: Seen) -> bool:
        return -BACK_S <= seen.decoded_s - self.last_s <= AHEAD_S

    def add(self, seen: Seen) -> None:
        self.start_s = min(self.start_s, seen.shown_s)
        self.end_s = max(self.end_s, seen.shown_s + seen.lasts_s)
        self.last_s = seen.decoded_s + seen.lasts_s
        self.packets += 1


@dataclass
class Follower:
    """Finds the runs of one stream, packet by packet."""

    runs: list[Run] = field(default_factory=list)
    strays: set[int] = field(default_factory=set)
    """Numbers of packets whose times are damaged."""
    _next: Run | None = None

    def see(self, seen: Seen) -> None:
        if not self.runs:
            self.runs.append(Run.begin(seen))
        elif self.runs[-1].goes_on_with(seen):
            self._stray()
            self.runs[-1].add(seen)
        elif self._next is not None and self._next.goes_on_with(seen):
            self._next.add(seen)
            if self._next.packets >= _CONFIRMED:
                self.end()
        else:
            self._stray()
            self._next = Run.begin(seen)

    def end(self) -> None:
        """What was seen last is a run, however short."""
        if self._next is not None:
            self.runs.append(self._next)
            self._next = None

    def _stray(self) -> None:
        if self._next is not None:
            self.strays.update(range(self._next.first, self._next.first + self._next.packets))
            self._next = None


@dataclass
class Epoch:
    """Runs of different streams that share a clock, by the stream's kind."""

    runs: dict[str, list[Run]] = field(default_factory=dict)

    def fits(self, run: Run) -> bool:
        """Whether it is of the time of the others' runs."""
        spans = [each for runs in self.runs.values() for each in runs]
        start_s, end_s = min(s.start_s for s in spans), max(s.end_s for s in spans)
        return start_s - AHEAD_S <= run.start_s <= end_s + AHEAD_S

    def place(self) -> int:
        return min(run.place for runs in self.runs.values() for run in runs)

    def start_s(self, kind: str) -> Fraction:
        return min(run.start_s for run in self.runs[kind])

    def end_s(self, kind: str) -> Fraction:
        return max(run.end_s for run in self.runs[kind])


def epochs(found: Mapping[str, Sequence[Run]]) -> list[Epoch]:
    """The runs of all streams, by their kind, put together. The first stream leads."""
    kinds = iter(found)
    lead = next(kinds)
    others = [run for kind in found if kind != lead for run in found[kind]]
    made: list[Epoch] = []
    for run in found[lead]:
        before = made[-1].runs[lead][-1] if made else None
        if before and before.end_s < run.start_s and _is_pause(before, run, others):
            made[-1].runs[lead].append(run)
        else:
            made.append(Epoch({lead: [run]}))
    for kind in kinds:
        reached = 0
        for run in found[kind]:
            reached = _put(made, kind, run, reached)
    return made


def _is_pause(before: Run, run: Run, others: Sequence[Run]) -> bool:
    """Whether another stream's clock went on all the while, between the two or over both."""
    first_s, last_s = sorted((before.end_s, run.start_s))
    return any(one.start_s <= first_s and last_s <= one.end_s for one in others)


def _put(made: list[Epoch], kind: str, run: Run, reached: int) -> int:
    """Put a run where it belongs, at epoch `reached` or later; answers with which it is."""
    before = made[reached].runs.get(kind)
    free = range(reached + (before is not None), len(made))
    fitting = {n: abs(made[n].place() - run.place) for n in free if made[n].fits(run)}
    nearest = min(fitting, key=fitting.__getitem__, default=None)
    beside = [each for own, runs in made[reached].runs.items() if own != kind for each in runs]
    far = nearest is None or fitting[nearest] > _NEAR
    if before and far and _is_pause(before[-1], run, beside):
        before.append(run)
        return reached
    if nearest is not None:
        made[nearest].runs[kind] = [run]
        return nearest
    at = next((n for n in free if made[n].place() > run.place), len(made))
    made.insert(at, Epoch({kind: [run]}))
    return at


def shifts(made: Sequence[Epoch]) -> list[Fraction]:
    """What to add to the times of each epoch, so that the first begins at 0 and the pictures of
    each follow the pictures before; sound that goes on long after them is kept."""
    found: list[Fraction] = []
    ends: dict[str, Fraction] = {}
    for epoch in made:
        starts = {kind: epoch.start_s(kind) for kind in epoch.runs}
        known = [
            ends[kind] - start - (_SOUND_OVER_S if kind == "audio" and "video" in starts else 0)
            for kind, start in starts.items()
            if kind in ends
        ]
        behind = max(ends.values(), default=Fraction(0)) - min(starts.values())
        shift = max(known, default=behind)
        found.append(shift)
        ends |= {kind: epoch.end_s(kind) + shift for kind in epoch.runs}
    return found
