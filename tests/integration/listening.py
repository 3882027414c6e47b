"""Queues that a test hangs on the stack's event bus and on its topic, to see what is told."""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.integration.conftest import Deployed
from tests.polling import until

Event = dict[str, Any]
ENDS = {"Completed", "Failed", "Cancelled", "Rejected"}


def kind(event: Event) -> str:
    return str(event["detail-type"]).removeprefix("Job ")


@dataclass
class Listener:
    """All events of the bus from now on, by job."""

    sqs: Any
    url: str
    events: defaultdict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))

    def look(self) -> None:
        for message in drained(self.sqs, self.url):
            event = json.loads(message["Body"])
            self.events[event["detail"]["job_id"]].append(event)

    def until(self, job_id: str, seen: Callable[[list[str]], bool]) -> list[Event]:
        """The job's events, once their kinds are what is waited for."""

        def look() -> list[Event] | None:
            self.look()
            found = self.events[job_id]
            return found if seen([kind(event) for event in found]) else None

        return until(look, f"events of job {job_id}", 60)

    def of(self, job_id: str) -> list[Event]:
        """All events of a job that ends."""
        return self.until(job_id, lambda kinds: bool(ENDS & set(kinds)))


def drained(sqs: Any, url: str) -> list[Any]:
    """What lies in a queue, taken out of it."""
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
    messages: list[Any] = found.get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def queue_for(sqs: Any, service: str, source_arn: str) -> tuple[str, str]:
    """(URL, ARN) of a new queue that the service may write to on behalf of `source_arn`."""
    url = sqs.create_queue(QueueName=f"test-{uuid.uuid4().hex[:12]}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def listen(stack: Deployed) -> tuple[Listener, Callable[[], None]]:
    """(a listener on the bus, what takes it away again)"""
    events, sqs = stack.service("events"), stack.service("sqs")
    bus, rule = stack.client.outputs["EventBusName"], f"test-{uuid.uuid4().hex[:12]}"
    rule_arn = events.put_rule(
        Name=rule, EventBusName=bus, EventPattern=json.dumps({"source": ["reelwright"]})
    )["RuleArn"]
    url, arn = queue_for(sqs, "events.amazonaws.com", rule_arn)
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def stop() -> None:
        events.remove_targets(Rule=rule, EventBusName=bus, Ids=["queue"])
        events.delete_rule(Name=rule, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)

    return Listener(sqs, url), stop
