"""One embedded AWS a session, and a bench that makes functions, machines and queues in it."""

import io
import json
import textwrap
import uuid
import zipfile
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pytest

from local.embedded import EmbeddedAws
from tests.polling import until

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            }
        ],
    }
)
T = TypeVar("T")
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


class Bench:
    """Short ways to what the tests need, through public APIs only."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.aws.client(service)
        return self._clients[service]

    @cached_property
    def role_arn(self) -> str:
        """Of a role that may do anything."""
        return self.role(("*", "*"))

    def role(self, *grants: tuple[str, str]) -> str:
        """The ARN of a role that has these, each an action on a resource."""
        role = self.client("iam").create_role(
            RoleName=unique("role"), AssumeRolePolicyDocument=TRUST
        )
        arn: str = role["Role"]["Arn"]
        self.grant(arn, *grants)
        return arn

    def grant(self, role_arn: str, *grants: tuple[str, str]) -> None:
        """More grants for a role."""
        for action, resource in grants:
            statement = {"Effect": "Allow", "Action": action, "Resource": resource}
            self.client("iam").put_role_policy(
                RoleName=role_arn.rpartition("/")[2],
                PolicyName=unique("policy"),
                PolicyDocument=json.dumps({"Statement": [statement]}),
            )

    @cached_property
    def bucket(self) -> str:
        name = unique("bucket")
        self.client("s3").create_bucket(Bucket=name)
        return name

    def put_json(self, content: Any) -> str:
        """The key of an object that holds this."""
        key = unique("object")
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=json.dumps(content))
        return key

    def function(self, source: str, *, timeout_s: int = 10, **more: Any) -> str:
        """The ARN of a function whose handler is `handle` in this source."""
        found: str = self.client("lambda").create_function(
            FunctionName=unique("function"),
            Runtime="python3.13",
            Role=more.pop("Role", self.role_arn),
            Handler="handler.handle",
            Code={"ZipFile": zipped({"handler.py": textwrap.dedent(source)})},
            Timeout=timeout_s,
            **more,
        )["FunctionArn"]
        return found

    def invoke(self, function: str, payload: Any = None) -> tuple[Any, str | None]:
        """(answer, function error)."""
        answer = self.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(payload or {})
        )
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def machine(self, states: dict[str, Any], *, role: str | None = None, **more: Any) -> str:
        """The ARN of a Standard JSONata machine that starts at its first state."""
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": next(iter(states)),
            "States": states,
            **more,
        }
        found: str = self.client("stepfunctions").create_state_machine(
            name=unique("machine"), definition=json.dumps(definition), roleArn=role or self.role_arn
        )["stateMachineArn"]
        return found

    def start(self, machine: str, value: Any = None, **more: Any) -> str:
        found: str = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps({} if value is None else value), **more
        )["executionArn"]
        return found

    def execution(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=arn)
        return found

    def end_of(self, arn: str, timeout_s: float = 30) -> dict[str, Any]:
        """The execution once it has ended."""
        return eventually(
            lambda: e if (e := self.execution(arn))["status"] in ENDED else None, timeout_s
        )

    def run(self, states: dict[str, Any], value: Any = None, **more: Any) -> dict[str, Any]:
        """The ended execution of a machine made for it."""
        return self.end_of(self.start(self.machine(states, **more), value))

    def history(self, arn: str) -> list[dict[str, Any]]:
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        return [e for page in pages.paginate(executionArn=arn) for e in page["events"]]

    def queue(self, *, fifo: bool = False, **attributes: str) -> tuple[str, str]:
        """(URL, ARN)."""
        if fifo:
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        sqs = self.client("sqs")
        name = unique("queue") + (".fifo" if fifo else "")
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def received(self, queue: str, count: int, timeout_s: float = 15) -> list[str]:
        """The bodies of a queue's next messages, taken out of it, once so many have come."""
        sqs, bodies = self.client("sqs"), list[str]()

        def receive() -> bool:
            answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return len(bodies) >= count

        eventually(receive, timeout_s)
        return bodies

    def tokens(self, queue: str, count: int) -> list[str]:
        """What states made by `asking` have sent to a queue."""
        return [json.loads(body)["token"] for body in self.received(queue, count)]


def unique(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:12]}"


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name.startswith("bin/") else 0o644) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def eventually(probe: Callable[[], T | None], timeout_s: float = 15) -> T:
    """`until`, where the probe itself says what is waited for."""
    return until(probe, "what the test waits for", timeout_s)


def call(function: str, **more: Any) -> dict[str, Any]:
    """A Task state that calls a function with the state's input."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
    }
    return task | more | ({} if "Next" in more else {"End": True})


def asking(queue: str, **more: Any) -> dict[str, Any]:
    """A Task state that sends its token to a queue and waits for the answer."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {
            "QueueUrl": queue,
            "MessageBody": {"token": "{% $states.context.Task.Token %}"},
        },
    }
    return task | more | ({} if "Next" in more else {"End": True})


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="session")
def bench(aws: EmbeddedAws) -> Bench:
    return Bench(aws)
