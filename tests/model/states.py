"""Step Functions as far as turns go: executions, their states, and their task tokens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from functions.shared.executions import Look
from functions.shared.turns import Heard
from tests.model.schedule import Operation

State = Literal["Claim", "Wait", "Start", "Render", "Publish", "Complete", "Fail"]
BELIEVING: tuple[State, ...] = ("Render", "Publish", "Complete")
"""States in which an execution acts as one whose turn it is."""
Make = Callable[[str, Callable[[], Any]], Any]


@dataclass(eq=False)
class Execution:
    """One run of the state machine for a job."""

    arn: str
    job: str
    direct: bool
    status: str = "RUNNING"
    state: State = "Claim"
    attempt: Operation | None = None
    """The invocation the present state waits for; others of the execution still run unheard."""
    token: str | None = None
    asked: bool = False
    """The invocation that stored the token has come back: the state waits for the token alone."""
    epoch: int = 0
    redrives: int = 0
    tokens: int = 0

    @property
    def waits(self) -> bool:
        return self.status == "RUNNING" and self.state == "Wait" and self.asked

    @property
    def believes(self) -> bool:
        """It renders, as far as it knows."""
        return self.status == "RUNNING" and self.state in BELIEVING

    @property
    def idle(self) -> bool:
        """Its state is about to invoke a function, for the first time or again."""
        in_task = self.status == "RUNNING" and self.state != "Render"
        return in_task and self.attempt is None and not self.waits

    def enter(self, state: State) -> None:
        self.state = state
        self.attempt = None
        self.token = None
        self.asked = False

    def end(self, status: str) -> None:
        self.status = status
        self.attempt = None
        self.token = None
        self.asked = False


@dataclass(eq=False)
class Event:
    """EventBridge's word of an execution's bad end: delivered never, late, or several times."""

    execution: Execution
    status: str
    redrives: int
    delivered: int = 0


@dataclass
class StepFunctions:
    """Answerer and Executions over the executions of a history."""

    make: Make
    executions: list[Execution] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def start(self, job: str, *, direct: bool) -> Execution:
        execution = Execution(f"run-{len(self.executions)}", job, direct)
        self.executions.append(execution)
        return execution

    def end(self, execution: Execution, status: str) -> None:
        execution.end(status)
        if status != "SUCCEEDED":
            self.events.append(Event(execution, status, execution.redrives))

    def redrive(self, execution: Execution) -> None:
        """Runs the state again that ended it; the failing last state leads back to the first."""
        execution.status = "RUNNING"
        execution.redrives += 1
        execution.enter("Claim" if execution.state == "Fail" else execution.state)

    def go(self, token: str, epoch: int) -> Heard:
        def answer() -> Heard:
            for execution in self.executions:
                if execution.token == token and execution.status == "RUNNING":
                    execution.enter("Start")
                    execution.epoch = epoch
                    return "heard"
            return "dead"

        heard: Heard = self.make("SendTaskSuccess", answer)
        return heard

    def look(self, execution_arn: str) -> Look:
        look: Look = self.make("DescribeExecution", lambda: Look(self._named(execution_arn).status))
        return look

    def stop(self, execution_arn: str, error: str, cause: str) -> None:  # noqa: ARG002 - as in AWS
        def stop() -> None:
            execution = self._named(execution_arn)
            if execution.status == "RUNNING":
                self.end(execution, "ABORTED")

        self.make("StopExecution", stop)

    def _named(self, arn: str) -> Execution:
        return next(execution for execution in self.executions if execution.arn == arn)
