"""Bugs to plant in the protocol, to see that the model finds them."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.reconcile_jobs import reconcile
from functions.request_turn import request
from functions.shared import turns
from functions.shared.errors import TurnLost
from functions.shared.jobs_table import TERMINAL, JobsTable
from functions.shared.transactions import Write, transact
from functions.shared.turns_table import Turn, TurnsTable

Mutation = Callable[[pytest.MonkeyPatch], None]


def without_ceiling(patch: pytest.MonkeyPatch) -> None:
    """The count is raised whatever it is."""
    count = TurnsTable._count

    def unbounded(self: TurnsTable, change: int, *, below: int | None = None) -> Write:
        return count(self, change, below=None if below is None else 1_000_000)

    patch.setattr(TurnsTable, "_count", unbounded)


def release_before_terminal(patch: pytest.MonkeyPatch) -> None:
    """The turn is freed by a write of its own, before the job's."""

    def end(
        self: JobsTable, job_id: str, expression: str, condition: str, values: dict[str, Any]
    ) -> bool:
        row = self.get(job_id)
        if row is None or row["status"] in TERMINAL:
            return False
        turn = self.turns.get(row["lane"], int(row["sequence"]))
        if turn:
            transact(self.dynamodb, self.turns.free(turn))
        return not transact(self.dynamodb, [self._update(job_id, expression, condition, values)])

    patch.setattr(JobsTable, "_end", end)


def without_lane_head(patch: pytest.MonkeyPatch) -> None:
    """Any waiting turn of a lane may be granted."""
    patch.setattr(turns, "heads", iter)


def start_without_fence(patch: pytest.MonkeyPatch) -> None:
    """An execution starts on any answer, whatever became of its grant."""

    def start(self: TurnsTable, turn: Turn) -> Write:
        return {
            "Update": self._update(
                {"lane": turn.lane, "sequence": turn.sequence},
                "SET started = :yes",
                "attribute_exists(lane)",
                {":yes": True},
            )
        }

    started = JobsTable.start

    def start_job(self: JobsTable, job_id: str, arn: str, _epoch: int, now: Any) -> None:
        row = self.get(job_id)
        turn = self.turns.get(row["lane"], int(row["sequence"])) if row else None
        if turn is None:
            raise TurnLost(job_id)
        started(self, job_id, arn, turn.epoch, now)

    patch.setattr(TurnsTable, "start", start)
    patch.setattr(JobsTable, "start", start_job)


def take_back_though_started(patch: pytest.MonkeyPatch) -> None:
    """A dead token is believed, though its execution may have heard an earlier answer."""
    _without(patch, " AND started = :no", ":no")


def finish_without_count(patch: pytest.MonkeyPatch) -> None:
    """The turn's row is deleted, the count of granted turns stays."""
    free = TurnsTable.free
    patch.setattr(TurnsTable, "free", lambda self, turn: free(self, turn)[:1])


def token_replaced(patch: pytest.MonkeyPatch) -> None:
    """A token takes the place of the one before, even one that comes late."""
    update = TurnsTable._update

    def replacing(self: TurnsTable, key: Any, expression: str, condition: str, values: Any) -> Any:
        added = "list_append(if_not_exists(#tokens, :none), :token)"
        if added in expression:
            expression = expression.replace(added, ":token")
            values = {name: value for name, value in values.items() if name != ":none"}
        return update(self, key, expression, condition, values)

    patch.setattr(TurnsTable, "_update", replacing)


def retried_state_not_told(patch: pytest.MonkeyPatch) -> None:
    """A new token is stored on a turn granted for the old one, and not answered."""
    patch.setattr(request, "tell", lambda *_: False)
    patch.setattr(reconcile, "tell", lambda *_: False)


def reconcile_without_grants(patch: pytest.MonkeyPatch) -> None:
    """A pass that a crash left out is never made."""
    patch.setattr(reconcile, "grant_turns", lambda *_: 0)


def reconcile_nothing(patch: pytest.MonkeyPatch) -> None:
    """What no event told of stays as it is."""
    patch.setattr(reconcile, "_mend", lambda *_: False)


def _without(patch: pytest.MonkeyPatch, condition: str, value: str) -> None:
    """Leave one condition out of every write of turns."""
    update = TurnsTable._update

    def loose(self: TurnsTable, key: Any, expression: str, whole: str, values: Any) -> Any:
        if condition in whole:
            values = {name: held for name, held in values.items() if name != value}
        return update(self, key, expression, whole.replace(condition, ""), values)

    patch.setattr(TurnsTable, "_update", loose)


MUTATIONS: tuple[Mutation, ...] = (
    without_ceiling,
    release_before_terminal,
    without_lane_head,
    start_without_fence,
    take_back_though_started,
    finish_without_count,
    token_replaced,
    retried_state_not_told,
    reconcile_without_grants,
    reconcile_nothing,
)
