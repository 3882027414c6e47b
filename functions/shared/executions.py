"""Looking at executions and stopping them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

Ended = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@dataclass(frozen=True)
class Look:
    """An execution as it is. `status` is RUNNING, one of `Ended`, or None: there is none."""

    status: str | None
    error: str | None = None
    cause: str | None = None


class Executions(Protocol):
    """What is needed of Step Functions beside answering tokens."""

    def look(self, execution_arn: str) -> Look: ...

    def stop(self, execution_arn: str, error: str, cause: str) -> None:
        """Does nothing to an execution that has ended."""


class StepFunctionsExecutions:
    """The Executions that Step Functions has."""

    def __init__(self, states: "SFNClient") -> None:
        self.states = states

    def look(self, execution_arn: str) -> Look:
        try:
            found = self.states.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return Look(None)
        return Look(found["status"], found.get("error"), found.get("cause"))

    def stop(self, execution_arn: str, error: str, cause: str) -> None:
        try:
            self.states.stop_execution(executionArn=execution_arn, error=error, cause=cause)
        except ClientError as failed:
            if failed.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
