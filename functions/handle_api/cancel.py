"""Cancelling by the functions that know how: the API itself may not change a job."""

import json
from typing import TYPE_CHECKING, Any

from functions.handle_api.jobs import Found
from functions.handle_api.problems import CANCEL_REFUSED, Problem
from functions.shared.errors import CancelRefused, TransientError

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


class Desk:
    """The functions `register_job` and `cancel_job`, by their names on AWS."""

    def __init__(self, lambdas: "LambdaClient", register_job: str, cancel_job: str) -> None:
        self.lambdas = lambdas
        self.register_job = register_job
        self.cancel_job = cancel_job

    def cancel(self, found: Found) -> None:
        """Cancel a job, or find it cancelled. One that is only sent is registered first, as its
        message would register it; the message then finds it ended."""
        row = found.row
        if not found.is_registered:
            self._call(self.register_job, [{"messageId": row["job_id"], "body": row["request"]}])
        self._call(self.cancel_job, {"job_id": row["job_id"]})

    def _call(self, function: str, event: Any) -> None:
        answer = self.lambdas.invoke(FunctionName=function, Payload=json.dumps(event))
        told = json.loads(answer["Payload"].read())
        if not answer.get("FunctionError"):
            return
        name, said = told.get("errorType"), str(told.get("errorMessage"))
        if name == CancelRefused.__name__:
            raise Problem(CANCEL_REFUSED, said)
        if name == TransientError.__name__:
            raise TransientError(said)
        raise RuntimeError(f"{function} ended with {name}: {said}")
