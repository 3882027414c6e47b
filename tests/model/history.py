"""One history: a list of numbers, each choosing one of the things that could happen next."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from tests.model.drain import drain
from tests.model.operations import Operations
from tests.model.requests import JOBS
from tests.model.schedule import How, Operation
from tests.model.states import Event, Execution
from tests.model.watch import Violation

MOST = 1 << 16
"""Choices are numbers from 0 up to this, exclusive; 0 is to do nothing."""
_MOST_IN_FLIGHT = 6
_CASTS = (("a1",), ("a1", "a2"), ("a1", "c"), ("a1", "a2", "b1"), ("a1", "a2", "a3"), tuple(JOBS))
"""Few jobs go far in a history, many meet more of each other: the first choice takes one cast."""
_FAULTS: tuple[How, ...] = ("lost", "crash before", "crash after")
Action = tuple[int, str, Callable[[], object]]
"""Weight, name, and what it does."""


class History:
    """Plays choices; `trace` tells what happened, `seen` counts the kinds of it."""

    def __init__(self, choices: Sequence[int]) -> None:
        self.choices = choices
        self.seen: Counter[str] = Counter()
        self.trace: list[str] = []
        first = choices[0] if choices else 0
        self.jobs = _CASTS[first % len(_CASTS)]
        rows_a_page = 1 + first // len(_CASTS) % 3
        self.ops = Operations(self.seen, self.trace.append, rows_a_page)

    def play(self) -> None:
        """Violation where a promise is broken, with the history told in its notes."""
        try:
            for choice in self.choices[1:]:
                self._choose(choice)
            drain(self.ops)
        except Violation as violation:
            violation.add_note("\n".join(self.trace))
            raise
        finally:
            self.ops.abandon()

    def _choose(self, choice: int) -> None:
        actions = [(3, "nothing", lambda: None), *self._actions()]
        upto = list(accumulate(weight for weight, _, _ in actions))
        _, name, act = actions[bisect_right(upto, choice * upto[-1] // MOST)]
        if name != "nothing":
            if not name.startswith("call "):
                self.seen[name.split(":")[0]] += 1
                self.trace.append(name)
            act()

    def _actions(self) -> Iterator[Action]:
        for operation in self.ops.in_flight:
            yield from self._calls(operation)
        if len(self.ops.in_flight) < _MOST_IN_FLIGHT:
            yield from self._senders()
            for execution in self.ops.states.executions:
                yield from self._invocations(execution)
            for event in self.ops.states.events:
                yield from self._event(event)
            yield 2, "reconcile", self.ops.reconcile
            yield 1, "reconcile long after", lambda: self.ops.reconcile(late=True)
        for execution in self.ops.states.executions:
            yield from self._fates(execution)
        for ceiling in (1, 2, 3):
            if ceiling != self.ops.ceiling:
                yield 1, f"ceiling: {ceiling}", lambda c=ceiling: self.ops.set_ceiling(c)
        if self.ops.in_flight:
            yield 1, "all crash", self.ops.crash_all

    def _calls(self, operation: Operation) -> Iterator[Action]:
        yield 100, "call made", lambda: self.ops.step(operation, "made")
        told = operation.call == "SendTaskSuccess"
        for how in _FAULTS:
            yield 10 if told else 1, f"call {how}", lambda how=how: self.ops.step(operation, how)
        if operation.call == "TransactWriteItems":
            yield 1, "call conflict", lambda: self.ops.step(operation, "conflict")

    def _senders(self) -> Iterator[Action]:
        for job in self.jobs:
            sent = self.ops.sent[job]
            yield 1 if sent else 40, f"send: {job}", lambda j=job: self.ops.register(j)
            yield 1, f"dead letter: {job}", lambda j=job: self.ops.end_unstarted(j)
            failed = self.ops.status(job) == "FAILED"
            name = "start a failed job" if failed else "start directly"
            yield (4 if failed else 1), f"{name}: {job}", lambda j=job: self.ops.start_directly(j)
            if sent:
                yield 1, f"cancel: {job}", lambda j=job: self.ops.cancel(j)
        for number, job in enumerate(self.ops.accepted):
            yield 60, f"start: {job}", lambda n=number: self.ops.start_accepted(n)
            yield 1, f"start twice: {job}", lambda j=job: self.ops.start_twice(j)

    def _invocations(self, execution: Execution) -> Iterator[Action]:
        arn, state = execution.arn, execution.state
        if execution.idle:
            yield 80, f"invoke: {arn} {state}", lambda: self.ops.invoke(execution)
        elif execution.status == "RUNNING" and execution.attempt:
            weight = 6 if state == "Wait" else 1
            yield weight, f"invoke beside: {arn} {state}", lambda: self.ops.invoke(execution)

    def _event(self, event: Event) -> Iterator[Action]:
        late = event.execution.redrives > event.redrives
        name = "late event" if late else "event again" if event.delivered else "event"
        weight = 2 if not event.delivered else 1
        yield weight, f"{name}: {event.execution.arn}", lambda: self.ops.deliver(event)

    def _fates(self, execution: Execution) -> Iterator[Action]:
        arn, states = execution.arn, self.ops.states
        if execution.status == "RUNNING":
            if execution.state == "Render":
                yield 60, f"rendered: {arn}", lambda: execution.enter("Publish")
            if execution.state not in {"Complete", "Fail"}:
                weight = 4 if execution.state in {"Render", "Publish"} else 1
                yield weight, f"fail: {arn} {execution.state}", lambda: execution.enter("Fail")
            kind = "die waiting" if execution.waits else "die"
            yield 1, f"{kind}: {arn} {execution.state}", lambda: states.end(execution, "ABORTED")
        elif execution.status in {"FAILED", "ABORTED"}:
            yield 3, f"redrive: {arn}", lambda: states.redrive(execution)
