"""Events of a stack's bus as they happen, by a rule and a queue that exist only meanwhile.

An event bus keeps nothing and can't be read; it sends to targets of rules. So a queue of our own is
made one, and both are removed in the end.
"""

import contextlib
import json
import signal
import sys
import uuid
from collections.abc import Iterator
from types import FrameType
from typing import Any, Self

from reelwright.aws_calls import told
from reelwright.errors import UnreachableError
from reelwright.stacks import Stack

_NAME = "reelwright-follow-"
_SOURCE = "reelwright"
_KEPT_S = 300
_WAIT_S = 10


class Tap:
    """A context: within it, `events` yields what the bus is told."""

    def __init__(self, stack: Stack, job_id: str | None = None) -> None:
        if "EventBusName" not in stack.outputs:
            raise UnreachableError(
                f"The event bus of {stack.name} is not known.",
                "name the stack by --stack, with AWS credentials",
            )
        session = stack.session()
        self._bus = stack.outputs["EventBusName"]
        self._name = f"{_NAME}{uuid.uuid4().hex[:12]}"
        self._pattern: dict[str, Any] = {"source": [_SOURCE]}
        if job_id is not None:
            self._pattern["detail"] = {"job_id": [job_id]}
        with told("events can't be followed"):
            self._sqs = session.client("sqs", endpoint_url=stack.endpoint)
            self._bridge = session.client("events", endpoint_url=stack.endpoint)
        self._undo = contextlib.ExitStack()
        self._url = ""

    def __enter__(self) -> Self:
        # Ended from outside, it still removes what it made.
        before = signal.signal(signal.SIGTERM, _leave)
        with contextlib.ExitStack() as undo, told("events can't be followed"):
            undo.callback(signal.signal, signal.SIGTERM, before)
            self._url = self._sqs.create_queue(
                QueueName=self._name, Attributes={"MessageRetentionPeriod": str(_KEPT_S)}
            )["QueueUrl"]
            undo.callback(self._sqs.delete_queue, QueueUrl=self._url)
            queue = self._queue_arn()
            rule = self._bridge.put_rule(
                Name=self._name,
                EventBusName=self._bus,
                EventPattern=json.dumps(self._pattern),
                Description="`reelwright events --follow`; removed when that ends.",
            )["RuleArn"]
            undo.callback(self._bridge.delete_rule, Name=self._name, EventBusName=self._bus)
            self._allow(queue, rule)
            self._bridge.put_targets(
                Rule=self._name, EventBusName=self._bus, Targets=[{"Id": "queue", "Arn": queue}]
            )
            undo.callback(
                self._bridge.remove_targets,
                Rule=self._name,
                EventBusName=self._bus,
                Ids=["queue"],
            )
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        # A second Ctrl-C must not leave the rule behind.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with told("the queue and the rule of this command could not be removed"):
                self._undo.close()
        finally:
            signal.signal(signal.SIGINT, before)

    def events(self) -> Iterator[dict[str, Any]]:
        """Each event once, as the bus has it; without end."""
        seen: set[str] = set()
        while True:
            with told("events can't be read"):
                answer = self._sqs.receive_message(
                    QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=_WAIT_S
                )
            for message in answer.get("Messages", []):
                event = json.loads(message["Body"])
                # Delivery is at least once; the id is the change's.
                change = str(event["detail"].get("event_id", event["id"]))
                if change not in seen:
                    seen.add(change)
                    yield event
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _queue_arn(self) -> str:
        wanted = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        return wanted["Attributes"]["QueueArn"]

    def _allow(self, queue: str, rule: str) -> None:
        """Only this rule may send to the queue."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._sqs.set_queue_attributes(
            QueueUrl=self._url, Attributes={"Policy": json.dumps(policy)}
        )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)
