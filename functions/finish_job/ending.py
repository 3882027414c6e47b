"""How an execution ended, from the state machine's own last states or from EventBridge's event."""

import json
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from functions.shared.admission import safe_id
from functions.shared.errors import ReelwrightError
from functions.shared.jobs_table import Door, JobError

_MOST_MESSAGE = 1000
_WORDS = {
    "ABORTED": ("ExecutionAborted", "The execution was stopped before the job was done."),
    "TIMED_OUT": ("ExecutionTimedOut", "The execution ran longer than the stack allows."),
    "FAILED": ("ExecutionFailed", "The execution failed without saying why."),
}


class Failure(BaseModel):
    """An error as a state caught it."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    state: str | None = None
    error: str | None = None
    cause: str | None = None
    chunk: int | None = None

    def as_error(self) -> JobError:
        """The cause of a Lambda's error is JSON that holds the exception's own message."""
        cause = self.cause or ""
        message = cause
        try:
            told = json.loads(cause)
        except ValueError:
            told = None
        if isinstance(told, dict):
            message = str(told.get("errorMessage") or cause)
        if not message:
            where = f" in the state {self.state!r}" if self.state else ""
            message = f"{self.error or 'An error'} ended the job{where}."
        name = self.error or "ExecutionFailed"
        return JobError(name, message[:_MOST_MESSAGE], self.state, self.chunk)


class LastWord(BaseModel):
    """What the state Job Failed says, after the job's record was written."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    failure: Failure
    redriven: bool
    """The execution was redriven since it last claimed its job."""

    def speak(self) -> None:
        """End the execution by raising the job's own error; return where it goes on instead.

        Step Functions takes the exception's class for the error's name, so one is made.
        """
        if not self.redriven:
            error = self.failure.as_error()
            chunk = "" if error.chunk is None else f"Chunk {error.chunk}: "
            raise type(error.name, (ReelwrightError,), {})(f"{chunk}{error.message}")


class Ending(BaseModel):
    """What finish_job is told. `input` is the execution's own, for where no job id is known."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    status: Literal["COMPLETE", "FAILED"]
    execution_arn: str
    execution_name: str = ""
    job_id: str | None = None
    input: Any = None
    result_key: str | None = None
    failure: Failure | None = None
    redrives: int | None = None
    """How often the execution had been redriven when it ended, where that is told."""

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self:
        """Read the state machine's payload, or a "Step Functions Execution Status Change"."""
        if event.get("source") != "aws.states":
            return cls.model_validate(event)
        detail = event["detail"]
        name, words = _WORDS[detail["status"]]
        return cls(
            status="FAILED",
            execution_arn=detail["executionArn"],
            execution_name=detail["name"],
            input=_read(detail.get("input")),
            redrives=detail.get("redriveCount"),
            failure=Failure(error=detail.get("error") or name, cause=detail.get("cause") or words),
        )

    @property
    def first_input(self) -> Any:
        """The request, in the pipe's array or as it was given by hand."""
        return self.input[0] if isinstance(self.input, list) and self.input else self.input

    @property
    def door(self) -> Door:
        return "queue" if isinstance(self.input, list) else "direct"

    def find_job_id(self) -> str:
        """The job's id, by the same rule that gave it."""
        first = self.first_input
        told = first.get("job_id") if isinstance(first, dict) else None
        return self.job_id or safe_id(told if isinstance(told, str) else self.execution_name)


def _read(text: str | None) -> Any:
    """EventBridge leaves a very long input out."""
    return None if text is None else json.loads(text)
