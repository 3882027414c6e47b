"""What must hold after every single call, read from the tables themselves."""

from collections import Counter
from typing import Any

from functions.shared.jobs_table import TERMINAL
from tests.model.schedule import Operation
from tests.model.states import StepFunctions
from tests.model.store import Store

_CHANGES = {
    (None, "QUEUED"),
    (None, "FAILED"),
    ("QUEUED", "WAITING"),
    ("QUEUED", "FAILED"),
    ("QUEUED", "CANCELLED"),
    ("WAITING", "RUNNING"),
    ("WAITING", "FAILED"),
    ("WAITING", "CANCELLED"),
    ("RUNNING", "COMPLETE"),
    ("RUNNING", "FAILED"),
    ("RUNNING", "CANCELLED"),
    ("FAILED", "WAITING"),
    ("FAILED", "QUEUED"),
}
STRICT = True
"""Whether word of an execution's end is to be fenced by its redrives, and rendering and publishing
by the execution that has the job. Counted in any case."""
Row = dict[str, Any]


class Violation(AssertionError):  # noqa: N818 - of a promise
    """The protocol broke a promise."""


def demand(holds: object, promise: str) -> None:
    if not holds:
        raise Violation(promise)


class Watch:
    """Compares the tables with how they were before the last call."""

    def __init__(self, store: Store, states: StepFunctions, seen: Counter[str]) -> None:
        self.store = store
        self.states = states
        self.seen = seen
        self.jobs: dict[str, Row] = {}
        self.turns: dict[tuple[str, int], Row] = {}
        self.granted = 0
        self._claimed_by: dict[str, tuple[str, int]] = {}

    def look(self, operation: Operation) -> None:
        """Check the tables as `operation` has just left them."""
        jobs = {row["job_id"]: row for row in self.store.rows("jobs")}
        rows = self.store.rows("turns")
        turns = {(row["lane"], row["sequence"]): row for row in rows if "job_id" in row}
        granted = next((row["granted"] for row in rows if row["lane"] == "#granted"), 0)
        if jobs != self.jobs or turns != self.turns or granted != self.granted:
            self._check_turns(jobs, turns, granted)
            if granted > self.granted:
                demand(granted <= operation.ceiling, "granted more than the ceiling allows")
            self._compare_jobs(operation, jobs)
            self._count_turns(turns)
            self.jobs, self.turns, self.granted = jobs, turns, granted
        self._check_believers()

    def _check_turns(
        self, jobs: dict[str, Row], turns: dict[tuple[str, int], Row], granted: int
    ) -> None:
        held = [turn for turn in turns.values() if turn["state"] == "GRANTED"]
        demand(granted == len(held), "the granted count is not the number of granted rows")
        demand(len({turn["lane"] for turn in held}) == granted, "two are granted in one lane")
        unfinished = {
            (row["lane"], row["sequence"]): row["job_id"]
            for row in jobs.values()
            if row["status"] not in TERMINAL
        }
        waiting = {place: turn["job_id"] for place, turn in turns.items()}
        demand(unfinished == waiting, "the jobs that have not ended are not those with a turn")
        for row in jobs.values():
            if row["status"] == "RUNNING":
                turn = turns[row["lane"], row["sequence"]]
                demand(turn["state"] == "GRANTED" and turn["started"], "RUNNING without a grant")
        for turn in held:
            demand(jobs[turn["job_id"]]["status"] != "QUEUED", "granted before it was claimed")

    def _compare_jobs(self, operation: Operation, jobs: dict[str, Row]) -> None:
        demand(self.jobs.keys() <= jobs.keys(), "a job is gone")
        for job_id, row in jobs.items():
            before = self.jobs.get(job_id, {"status": None})
            change = (before["status"], row["status"])
            if change[0] == change[1]:
                demand(change[0] not in TERMINAL or row == before, "an ended job was changed")
                continue
            demand(change in _CHANGES, f"a job went from {change[0]} to {change[1]}")
            self.seen[f"job {row['status']}"] += 1
            if row["status"] in {"RUNNING", "COMPLETE"}:
                self._check_first(row)
            if change == ("FAILED", "QUEUED"):
                unstarted = before["error"]["name"] == "NeverStarted" and "attempts" not in row
                demand(unstarted, "a job that was started is queued again")
            if row["status"] == "WAITING":
                self._note_claim(operation, before, row)
            if row["status"] == "FAILED":
                self._check_told_of_this(operation, row)

    def _check_first(self, row: Row) -> None:
        lower = [s for lane, s in self.turns if lane == row["lane"] and s < row["sequence"]]
        demand(not lower, f"{row['status']} while an earlier job of its lane has not ended")

    def _note_claim(self, operation: Operation, before: Row, row: Row) -> None:
        if operation.speaks_for:
            self._claimed_by[row["job_id"]] = operation.speaks_for
        if before["status"] == "FAILED":
            self.seen["reopened"] += 1
            demand(row["attempts"] == before.get("attempts", 0) + 1, "reopened uncounted")
            later = row["sequence"] > before["sequence"] or row["lane"].startswith("job/")
            demand(later, "reopened at an old place of its lane")

    def _check_told_of_this(self, operation: Operation, row: Row) -> None:
        """Word of an execution's end may come late: after the execution was redriven."""
        told, claimed = operation.speaks_for, self._claimed_by.get(row["job_id"])
        if told and claimed and told[0] == claimed[0]:
            stale = told[1] < claimed[1]
            self.seen["ended by a late word"] += stale
            demand(not stale or not STRICT, "word of an attempt long over ended a later one")

    def _count_turns(self, turns: dict[tuple[str, int], Row]) -> None:
        for place, turn in turns.items():
            before = self.turns.get(place)
            if before is None or before["state"] == turn["state"]:
                continue
            self.seen["granted" if turn["state"] == "GRANTED" else "taken back"] += 1
            if turn["epoch"] > 1:
                self.seen["granted again"] += 1

    def _check_believers(self) -> None:
        """Executions that act as if it were their turn, while their jobs have not ended."""
        lanes = [
            row["lane"]
            for execution in self.states.executions
            if execution.believes
            and (row := self.jobs.get(execution.job))
            and row["status"] not in TERMINAL
            and row.get("execution_arn") == execution.arn
        ]
        demand(len(lanes) <= self.granted, "more render than have a turn")
        demand(len(lanes) == len(set(lanes)), "two render in one lane")
