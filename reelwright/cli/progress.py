"""How far things are: a bar on a terminal, a line at each step elsewhere. On standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from functions.shared.job_view import JobView

_WIDE = 80
_NARROW = 48
_STEP = 0.25
"""Part of a job after which a line is written where there is no bar."""
ShowJob = Callable[[JobView], None]


class Progress:
    """`quiet`: without a terminal, nothing at all is written."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self._quiet = quiet
        self._has_bars = console.is_terminal and not console.is_dumb_terminal

    @contextmanager
    def transfer(self, what: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """Yields what is to be told of each more bytes, by any thread."""
        if not self._has_bars:
            self._line(f"{what} {total_bytes:,} bytes")
            yield lambda _: None
            return
        with Bars(*self._transfer_columns(), console=self._console) as bars:
            task = bars.add_task(what, total=total_bytes)
            yield lambda more_bytes: bars.advance(task, more_bytes)

    @contextmanager
    def job(self, word: str = "sent") -> Iterator[ShowJob]:
        """Yields what is to be told of each look at the job. `word`: what is known before."""
        if not self._has_bars:
            yield self._lines()
            return
        with Bars(*self._job_columns(), console=self._console) as bars:
            task = bars.add_task(word, total=1.0, facts="")

            def show(job: JobView) -> None:
                stage = job.status.lower() if job.stage == "ended" else job.stage
                facts = _facts(job, datetime.now(UTC))
                done = job.progress.fraction
                bars.update(task, description=stage, completed=done, facts=facts, refresh=True)

            yield show

    def _lines(self) -> ShowJob:
        seen: tuple[str, int] | None = None

        def show(job: JobView) -> None:
            nonlocal seen
            now = (job.stage, int(job.progress.fraction / _STEP))
            if now != seen and job.stage != "ended":
                facts = _facts(job, datetime.now(UTC))
                self._line(
                    f"{job.stage} {job.progress.fraction:.0%}{f', {facts}' if facts else ''}"
                )
            seen = now

        return show

    def _line(self, text: str) -> None:
        if not self._quiet:
            self._console.print(text, markup=False)

    def _transfer_columns(self) -> list[ProgressColumn]:
        named, percent = TextColumn("{task.description:11}"), _percent()
        if self._console.width < _NARROW:
            return [named, percent]
        if self._console.width < _WIDE:
            return [named, BarColumn(None), percent]
        speed = TransferSpeedColumn()
        return [named, BarColumn(None), DownloadColumn(), speed, TimeRemainingColumn(compact=True)]

    def _job_columns(self) -> list[ProgressColumn]:
        named, percent = TextColumn("{task.description:11}"), _percent()
        if self._console.width < _NARROW:
            return [named, percent]
        if self._console.width < _WIDE:
            return [named, BarColumn(None), percent]
        return [named, BarColumn(None), percent, TextColumn("{task.fields[facts]}")]


def _percent() -> ProgressColumn:
    return TextColumn("{task.percentage:3.0f} %")


def _facts(job: JobView, now: datetime) -> str:
    """Parts made, time left and speed, as far as they are known."""
    counted = job.progress
    done = counted.chunks_done + counted.snapshots_done
    total = counted.chunks_total + counted.snapshots_total
    facts = [f"{done}/{total} parts"] if total else []
    if job.eta_s and job.stage != "ended":
        facts.append(f"{_clock(job.eta_s)} left")
    speed = _speed(job, now)
    if speed is not None:
        facts.append(f"{speed:.1f}×")
    return ", ".join(facts)


def _speed(job: JobView, now: datetime) -> float | None:
    """Seconds of the source made a second; while it runs, by this machine's clock."""
    if not (job.duration_s and job.started_at and job.progress.fraction):
        return None
    spent_s = ((job.finished_at or now) - job.started_at).total_seconds()
    return job.duration_s * job.progress.fraction / spent_s if spent_s > 0 else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
