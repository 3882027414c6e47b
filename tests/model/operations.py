"""The functions of the stack as operations of a history, and what becomes of their answers."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.cancel_job.cancel import cancel
from functions.claim_job.claim import Claim, claim
from functions.finish_job.ending import Ending
from functions.finish_job.finish import finish
from functions.reconcile_jobs.dead_letters import Letter, end_unstarted
from functions.reconcile_jobs.reconcile import World, reconcile
from functions.register_job.register import register
from functions.request_turn.request import request_turn
from functions.shared.errors import CancelRefused, JobEnded, TransientError, TurnLost
from functions.shared.jobs_table import JobsTable
from functions.shared.turns_table import TurnsTable
from tests.model.fakes import Letters, Published
from tests.model.requests import input_of, request_for
from tests.model.schedule import Client, How, Operation, Schedule
from tests.model.states import Event, Execution, StepFunctions
from tests.model.store import Store
from tests.model.watch import STRICT, Violation, Watch, demand

_READABLE = ("media",)
_BEGIN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_EXPECTED = (TransientError, JobEnded, TurnLost, CancelRefused)


class Operations:
    """Begins operations, steps them, and moves executions on when theirs end."""

    def __init__(self, seen: Counter[str], tell: Callable[[str], object], rows_a_page: int) -> None:
        self.seen = seen
        self.tell = tell
        self.ceiling = 2
        self.in_flight: list[Operation] = []
        self.sent: Counter[str] = Counter()
        self.accepted: list[str] = []
        """Jobs the pipe has been told to start an execution for."""
        self.schedule = Schedule()
        self.states = StepFunctions(self.schedule.make)
        store = Store()
        client: Any = Client(store, self.schedule, rows_a_page)
        self.jobs = JobsTable(client, "jobs", TurnsTable(client, "turns"))
        self.watch = Watch(store, self.states, seen)
        self._begun = 0
        self._then: dict[Operation, Callable[[Operation], None]] = {}

    def status(self, job: str) -> str | None:
        return self.watch.jobs.get(job, {}).get("status")

    def set_ceiling(self, ceiling: int) -> None:
        self.seen["ceiling lowered" if ceiling < self.ceiling else "ceiling raised"] += 1
        self.ceiling = ceiling

    def step(self, operation: Operation, how: How) -> None:
        call = operation.call
        answered = [execution for execution in self.states.executions if execution.token]
        self.schedule.step(operation, how)
        self.seen["steps"] += 1
        self.seen[how] += 1
        if how == "lost" and call == "SendTaskSuccess":
            self.seen["answer taken, reply lost"] += any(e.state == "Start" for e in answered)
        self.tell(f"    {operation.name}: {call} {how}")
        if operation.done:
            self._end(operation)
        self.watch.look(operation)

    def run(self, operation: Operation) -> None:
        while not operation.done:
            self.step(operation, "made")

    def crash_all(self) -> None:
        for operation in list(self.in_flight):
            self.step(operation, "crash before")

    def abandon(self) -> None:
        """Leave no thread behind, whatever the history came to."""
        for operation in self.in_flight:
            while not operation.done:
                self.schedule.step(operation, "crash before")

    def register(self, job: str) -> Operation:
        self.sent[job] += 1
        message = {"body": json.dumps(request_for(job)), "messageId": f"message-{job}"}

        def started(operation: Operation) -> None:
            if operation.result is not None:
                self.accepted.append(job)

        now = self._now()
        body = lambda: register(message, self.jobs, _READABLE, now)  # noqa: E731 - one of several
        return self._begin(f"register {job}", body, started)

    def start_accepted(self, number: int) -> Execution:
        return self.states.start(self.accepted.pop(number), direct=False)

    def start_twice(self, job: str) -> Execution:
        return self.states.start(job, direct=False)

    def start_directly(self, job: str) -> Execution:
        self.sent[job] += 1
        return self.states.start(job, direct=True)

    def end_unstarted(self, job: str) -> Operation:
        """The reconciler finds the job's message in the dead-letter queue, long after."""
        now = self._now() + timedelta(hours=2)
        letters: Any = Letters([Letter(f"message-{job}", json.dumps(request_for(job)))])
        body = lambda: end_unstarted(letters, self.jobs, _READABLE, now)  # noqa: E731
        return self._begin(f"dead letter {job}", body)

    def cancel(self, job: str) -> Operation:
        now, ceiling = self._now(), self.ceiling
        return self._begin(
            f"cancel {job}",
            lambda: cancel(self.jobs, self.states, self.states, job, ceiling, now),
        )

    def reconcile(self, *, late: bool = False) -> Operation:
        now = self._now() + timedelta(days=1 if late else 0)
        world = World(
            self.jobs,
            self.states,
            self.states,
            self.ceiling,
            never_started_after=timedelta(hours=1),
            renders_at_most=timedelta(hours=6),
        )
        return self._begin("reconcile", lambda: reconcile(world, now))

    def deliver(self, event: Event) -> Operation:
        event.delivered += 1
        execution = event.execution
        detail = {
            "executionArn": execution.arn,
            "name": execution.arn,
            "status": event.status,
            "input": json.dumps(input_of(execution)),
            "redriveCount": event.redrives,
        }
        ending = Ending.from_event({"source": "aws.states", "detail": detail})
        return self._finish(f"event of {execution.arn}", ending, (execution.arn, event.redrives))

    def invoke(self, execution: Execution) -> Operation:
        """What the execution's present state does, for the first time or again."""
        name = f"{execution.arn} {execution.state}"
        state, arn, job = execution.state, execution.arn, execution.job
        speaks_for = (arn, execution.redrives)
        now, ceiling = self._now(), self.ceiling
        match state:
            case "Claim":
                asked = Claim(
                    input=input_of(execution),
                    execution_arn=arn,
                    execution_name=arn,
                    redrives=execution.redrives,
                )
                body = lambda: claim(asked, self.jobs, _READABLE, now)  # noqa: E731
            case "Wait":
                execution.tokens += 1
                token = execution.token = f"{arn}-{execution.tokens}"
                execution.asked = False
                body = lambda: request_turn(  # noqa: E731
                    self.jobs, self.states, job, arn, token, ceiling
                )
            case "Start":
                epoch = execution.epoch
                body = lambda: self.jobs.start(job, arn, epoch, now)  # noqa: E731
            case "Publish":
                body = lambda: self.jobs.begin_publishing(job, arn)  # noqa: E731
            case "Complete" | "Fail":
                ended = "COMPLETE" if state == "Complete" else "FAILED"
                ending = Ending(
                    status=ended,
                    execution_arn=arn,
                    execution_name=arn,
                    job_id=job,
                    result_key="r",
                    input=input_of(execution),
                    redrives=execution.redrives,
                )
                body = self._finishing(ending)
            case _:
                raise AssertionError(state)
        operation = self._prepare(name, body, lambda op: self._answer(execution, op), speaks_for)
        execution.attempt = operation
        return self._launch(operation)

    def _finish(self, name: str, ending: Ending, speaks_for: tuple[str, int]) -> Operation:
        return self._launch(self._prepare(name, self._finishing(ending), None, speaks_for))

    def _finishing(self, ending: Ending) -> Callable[[], Any]:
        store: Any = Published()
        now, ceiling = self._now(), self.ceiling
        return lambda: finish(ending, self.jobs, store, self.states, ceiling, now)

    def _now(self) -> datetime:
        """Each operation begins a millisecond after the last."""
        self._begun += 1
        return _BEGIN + timedelta(milliseconds=self._begun)

    def _begin(
        self,
        name: str,
        body: Callable[[], Any],
        then: Callable[[Operation], None] | None = None,
    ) -> Operation:
        return self._launch(self._prepare(name, body, then, None))

    def _prepare(
        self,
        name: str,
        body: Callable[[], Any],
        then: Callable[[Operation], None] | None,
        speaks_for: tuple[str, int] | None,
    ) -> Operation:
        operation = Operation(f"#{self._begun} {name}", self.ceiling, body)
        operation.speaks_for = speaks_for
        if then:
            self._then[operation] = then
        return operation

    def _launch(self, operation: Operation) -> Operation:
        """Up to before its first call, where nothing has happened yet."""
        self.in_flight.append(operation)
        self.schedule.step(operation, "made")
        if operation.done:
            self._end(operation)
        return operation

    def _end(self, operation: Operation) -> None:
        self.in_flight.remove(operation)
        error = operation.error
        if error is not None and not isinstance(error, _EXPECTED):
            raise Violation(f"{operation.name} raised {error!r}") from error
        said = "crashed" if operation.crashed else repr(error or operation.result)
        self.tell(f"    {operation.name}: {said}")
        if error is not None:
            self.seen[type(error).__name__] += 1
        then = self._then.pop(operation, None)
        if then:
            then(operation)

    def _answer(self, execution: Execution, operation: Operation) -> None:
        """The state machine goes on, if it still waits for this invocation."""
        if execution.attempt is not operation:
            return
        execution.attempt = None
        if operation.crashed or isinstance(operation.error, TransientError):
            execution.token = None  # the state is tried again, with a new token
        elif isinstance(operation.error, TurnLost):
            execution.enter("Wait")
        elif operation.error is not None:
            execution.enter("Fail")
        else:
            self._proceed(execution, operation.result)

    def _check_publisher(self, execution: Execution) -> None:
        row = self.watch.jobs[execution.job]
        demand(row["status"] != "CANCELLED", "published after it was cancelled")
        foreign = row["execution_arn"] != execution.arn
        self.seen["published by another execution"] += foreign
        demand(not (foreign and STRICT), "published by an execution that has the job no more")

    def _proceed(self, execution: Execution, result: Any) -> None:
        match execution.state:
            case "Claim":
                if result[1]:
                    execution.enter("Wait")
                else:
                    self.seen["already claimed"] += 1
                    self.states.end(execution, "SUCCEEDED")
            case "Wait":
                execution.asked = True
            case "Start":
                execution.enter("Render")
            case "Publish":
                execution.enter("Complete" if result else "Fail")
                if result:
                    self._check_publisher(execution)
            case "Complete":
                self.states.end(execution, "SUCCEEDED")
            case _:
                self.states.end(execution, "FAILED")
