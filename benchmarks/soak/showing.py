"""The report of a soak in the terminal."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.soak.census import Census
from benchmarks.soak.growth import Series
from benchmarks.soak.rounds import Round

_ENDS = ("COMPLETE", "FAILED", "CANCELLED", "REJECTED")


@dataclass(frozen=True)
class RoundShown:
    """One round's line."""

    sent: int
    refused: int
    """By the API, at once."""
    ends: Mapping[str, int]
    took_s: float
    broken: int
    census: Census
    is_restart: bool

    @classmethod
    def of(cls, one: Round, counted: Census, *, restarts: bool) -> "RoundShown":
        return cls(
            sent=len(one.sent),
            refused=one.refused,
            ends=dict(one.ends),
            took_s=round(one.took_s, 1),
            broken=len(one.broken),
            census=counted,
            is_restart=restarts,
        )

    def line(self, number: int) -> str:
        """Said as soon as the round is over."""
        ends = ", ".join(f"{self.ends[end]} {end}" for end in _ENDS if self.ends.get(end))
        return f"round {number}: {ends} in {self.took_s:.0f} s, {self.broken} broken"


@contextmanager
def progress(console: Console, minutes: float) -> Iterator[Callable[[Counter[str]], None]]:
    """A bar of the time that is over; what is yielded tells the statuses of a round's jobs."""
    columns = (TextColumn("{task.description:44}"), BarColumn(), TimeElapsedColumn())
    began = time.monotonic()
    with Progress(*columns, console=console, transient=True) as shown:
        bar = shown.add_task("starting", total=minutes * 60)

        def tell(statuses: Counter[str]) -> None:
            doing = ", ".join(f"{count} {name.lower()}" for name, count in sorted(statuses.items()))
            shown.update(bar, description=doing[:44], completed=time.monotonic() - began)

        yield tell


def show_rounds(console: Console, rounds: Sequence[RoundShown]) -> None:
    head = ("", "sent", *_ENDS, "s", "engine MB", "a function MB", "functions", "broken")
    table = Table(*head, title="Rounds, each until all was at rest (*: the engine was restarted)")
    for number, one in enumerate(rounds):
        mark = "*" if one.is_restart else ""
        table.add_row(
            f"{number}{mark}",
            str(one.sent),
            *(str(one.ends.get(end, "")) for end in _ENDS),
            f"{one.took_s:.0f}",
            f"{one.census.engine_mb:.0f}",
            f"{one.census.worker_mb:.1f}",
            str(one.census.workers),
            str(one.broken or ""),
        )
    console.print(table)


def show_faults(console: Console, faults: Mapping[str, int]) -> None:
    console.print("; ".join(f"{count} {what}" for what, count in faults.items()) + "\n")


def show_series(console: Console, measured: Sequence[Series]) -> None:
    """What may not grow, by the slope over all moments of rest after the warm-up."""
    table = Table("after the warm-up", "first", "last", "a 100 jobs", "grew", "may", "")
    for one in measured:
        if one.values:
            numbers = (one.values[0], one.values[-1], one.slope * 100, one.grown, one.allowed)
            held = "GREW" if one.growth() else "ok"
            table.add_row(one.name, *(f"{number:.1f}" for number in numbers), held)
    console.print(table)
