"""Interleavings in which the model once found a bug, call by call."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from functions.shared.jobs_table import JobsTable
from functions.shared.turns_table import Turn, TurnsTable
from tests.model.drain import drain
from tests.model.histories import no_pauses
from tests.model.mutations import token_replaced
from tests.model.operations import Operations
from tests.model.schedule import Operation
from tests.model.watch import Violation


@pytest.fixture
def ops() -> Iterator[Operations]:
    with no_pauses():
        operations = Operations(Counter(), lambda _: None, rows_a_page=2)
        yield operations
        operations.abandon()


def _until(ops: Operations, operation: Operation, call: str) -> None:
    """Let the operation go on to before its next call of this kind."""
    ops.step(operation, "made")
    while operation.call != call:
        ops.step(operation, "made")


def _late_token(ops: Operations) -> None:
    """A state was tried again; the invocation given up stores its dead token last."""
    ops.run(ops.register("a1"))
    execution = ops.start_accepted(0)
    ops.run(ops.invoke(execution))
    given_up = ops.invoke(execution)
    retry = ops.invoke(execution)
    for operation in (given_up, retry):
        _until(ops, operation, "UpdateItem")
    ops.step(retry, "made")
    ops.run(given_up)
    drain(ops)


def _job_opened_between_reads(ops: Operations) -> None:
    """Ending a job reads its row and then its turn; in between it ends and is queued again."""
    ops.run(ops.register("a1"))
    never_claimed = ops.start_twice("a1")
    never_claimed.enter("Fail")
    ending = ops.invoke(never_claimed)
    for _ in range(2):
        ops.step(ending, "made")
    ops.run(ops.end_unstarted("a1"))
    ops.run(ops.register("a1"))
    ops.run(ending)
    drain(ops)


@pytest.mark.parametrize("history", [_late_token, _job_opened_between_reads])
def test_no_promise_is_broken(ops: Operations, history: Callable[[Operations], None]) -> None:
    history(ops)


def test_a_token_that_replaces_another_is_found(
    ops: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_replaced(monkeypatch)
    with pytest.raises(Violation, match="waits while a slot and its lane are free"):
        _late_token(ops)


def test_ending_without_a_turn_is_found(ops: Operations, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was: where no turn was found, the job alone was ended."""
    get, free, ending = TurnsTable.get, TurnsTable.free, JobsTable._end
    none = Turn("", 0, "", "WAITING", 0, 0, "")

    def end(self: JobsTable, *arguments: object) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(TurnsTable, "get", lambda turns, *at: get(turns, *at) or none)
            patch.setattr(TurnsTable, "free", lambda s, t: [] if t is none else free(s, t))
            return ending(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(JobsTable, "_end", end)
    with pytest.raises(Violation, match="not those with a turn"):
        _job_opened_between_reads(ops)
