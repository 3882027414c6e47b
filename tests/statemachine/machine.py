"""The state machine's own text, run by moto's interpreter with workers that are plain functions."""

import io
import json
import re
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from tests.polling import until

ASL = Path(__file__).resolve().parents[2] / "statemachine" / "render_job.asl.json"
TABLE = "jobs"
BUCKET = "media"
ACCOUNT = "123456789012"
Worker = Callable[[dict[str, Any]], Any]


def text() -> dict[str, Any]:
    """The definition as it is in its file."""
    definition: dict[str, Any] = json.loads(ASL.read_text())
    return definition


def substituted() -> str:
    """The definition as CloudFormation would fill it in."""
    return re.sub(r"\$\{(\w+)\}", lambda found: _value(found[1]), ASL.read_text())


def _value(name: str) -> str:
    if name.endswith("FunctionArn"):
        return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name.removesuffix('FunctionArn')}"
    return {"JobsTableName": TABLE, "ChunkExecutionType": "STANDARD"}[name]


def states(node: Any) -> dict[str, dict[str, Any]]:
    """Every state by name, those inside Map and Parallel included."""
    found: dict[str, dict[str, Any]] = {}
    if isinstance(node, list):
        for item in node:
            found.update(states(item))
    if isinstance(node, dict):
        found.update(node.get("States", {}))
        for item in node.values():
            found.update(states(item))
    return found


@dataclass
class Workers:
    """What each function answers, and every call it got."""

    answers: dict[str, Worker]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def invoke(self, name: str, event: str | dict[str, Any]) -> tuple[str, bool, str]:
        """Answer as Lambda does: (payload, whether the function raised, log)."""
        payload = json.loads(event) if isinstance(event, str) else event
        self.calls.append((name, payload))
        try:
            return json.dumps(self.answers[name](payload)), False, ""
        except Exception as error:  # noqa: BLE001 - any error a worker raises is its answer
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return json.dumps(told), True, ""

    def to(self, name: str) -> list[dict[str, Any]]:
        return [payload for called, payload in self.calls if called == name]


@dataclass
class Run:
    """One execution, ended."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    entered: list[str]
    arn: str
    name: str


class Machine:
    """The machine in moto, with its table and bucket."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.functions = boto3.client("lambda")
        self.sfn = boto3.client("stepfunctions")
        self.dynamodb = boto3.client("dynamodb")
        self.s3 = boto3.client("s3")
        role = boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
        self.role_arn = role["Role"]["Arn"]
        for name in workers.answers:
            self._create_function(name)
        self.s3.create_bucket(Bucket=BUCKET)
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "job_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "job_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.arn = self.sfn.create_state_machine(
            name="render", definition=substituted(), roleArn=self.role_arn
        )["stateMachineArn"]

    def _create_function(self, name: str) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("handler.py", "")
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self.role_arn,
            Handler="handler.handle",
            Code={"ZipFile": archive.getvalue()},
        )

    def register(self, job_id: str) -> None:
        self.dynamodb.put_item(TableName=TABLE, Item={"job_id": {"S": job_id}})

    def row(self, job_id: str) -> dict[str, Any]:
        return self.dynamodb.get_item(TableName=TABLE, Key={"job_id": {"S": job_id}})["Item"]

    def run(self, given: Any, deadline_s: float = 30) -> Run:
        with self.started(given) as arn:
            return self.ended(arn, deadline_s)

    @contextmanager
    def started(self, given: Any) -> Iterator[str]:
        """The ARN of a running execution, which does not outlive the block."""
        arn = self.sfn.start_execution(
            stateMachineArn=self.arn, name=str(uuid.uuid4()), input=json.dumps(given)
        )["executionArn"]
        yield arn
        self.sfn.stop_execution(executionArn=arn)

    def ended(self, arn: str, deadline_s: float = 30) -> Run:
        describe = self.sfn.describe_execution
        told: Any = until(
            lambda: None if (d := describe(executionArn=arn))["status"] == "RUNNING" else d,
            f"execution {arn} to end",
            deadline_s,
        )
        return Run(
            told["status"],
            json.loads(told["output"]) if "output" in told else None,
            told.get("error"),
            told.get("cause"),
            self._entered(arn),
            arn,
            told["name"],
        )

    def _entered(self, arn: str) -> list[str]:
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]
