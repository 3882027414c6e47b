"""How long after a job's change its event is on the bus, and its webhook at the receiver.

python -m benchmarks.event_latency --assembly build/cdk.local.out --jobs 25

One small job after another on the embedded stack. The clock starts with the time of change in the
job's row, which is taken just before the row is written. The first job, whose functions are still
being started, is told apart.
"""

import argparse
import json
import statistics
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console
from rich.table import Table

from functions.shared.job_event import WebhookBody
from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, PROJECT, REGION, forget_account
from local.loopback_receiver import LoopbackReceiver
from local.stand_ins import stand_in
from reelwright.direct import DirectClient

CLIP = PROJECT / "examples" / "clip.mp4"
_CHANGES = 4
"""Queued, Waiting, Started, Completed."""
_POLL_S = 0.02
_TIMEOUT_S = 120
Arrivals = dict[str, float]
"""Event id → seconds since the epoch."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="event_latency", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=25)
    asked = parser.parse_args()
    forget_account()
    with EmbeddedAws(PROJECT / ".reelwright" / "events") as aws, LoopbackReceiver() as receiver:
        outputs = deploy(asked.assembly, "Reelwright", aws)
        client = DirectClient.connect(
            outputs, boto3.Session(ACCOUNT, "test", region_name=REGION), aws.endpoint
        )
        on_bus = _queue_on_bus(aws, outputs["EventBusName"])
        deliverer = _deliverer(client)
        source = client.upload(CLIP)
        with stand_in(client.functions, deliverer, receiver.source(delay_s=1)):
            rounds = [_round(client, source, receiver, on_bus) for _ in range(asked.jobs)]
    _report(rounds)
    return 0


def _queue_on_bus(aws: EmbeddedAws, bus: str) -> "OnBus":
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName="event-latency")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = json.dumps({"source": ["reelwright"]})
    events.put_rule(Name="event-latency", EventBusName=bus, EventPattern=pattern)
    target = {"Id": "queue", "Arn": arn["QueueArn"]}
    events.put_targets(Rule="event-latency", EventBusName=bus, Targets=[target])
    return OnBus(sqs, url)


class OnBus:
    """A queue that a rule of the bus fills: when it took an event is when the bus had it."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs = sqs
        self._url = url
        self.arrivals: Arrivals = {}

    def look(self) -> None:
        found = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        for message in found.get("Messages", []):
            event_id = json.loads(message["Body"])["detail"]["event_id"]
            self.arrivals.setdefault(event_id, int(message["Attributes"]["SentTimestamp"]) / 1000)
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


def _deliverer(client: DirectClient) -> str:
    """The name of deliver_webhook."""
    pages = client.functions.get_paginator("list_functions").paginate()
    (found,) = [
        function["FunctionName"]
        for page in pages
        for function in page["Functions"]
        if function["Handler"].startswith("functions.deliver_webhook.")
    ]
    return found


def _round(
    client: DirectClient, source: str, receiver: LoopbackReceiver, on_bus: OnBus
) -> list[tuple[float, float]]:
    """(seconds to the bus, seconds to the receiver) of each change of one job."""
    before = len(receiver.received)
    hook = {"webhook_url": receiver.url("/hook")}
    client.submit({"source": source, "snapshots": {"count": 1}, "notify": hook})
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        on_bus.look()
        came = receiver.received[before:]
        if len(came) == _CHANGES and all(one.event_id in on_bus.arrivals for one in came):
            break
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {len(came)} of {_CHANGES} webhooks came in {_TIMEOUT_S} s")
        time.sleep(_POLL_S)
    rows = []
    for one in came:
        body = WebhookBody.model_validate_json(one.body)
        changed = datetime.fromisoformat(body.timestamp).timestamp()
        rows.append((on_bus.arrivals[one.event_id] - changed, one.at - changed))
    return rows


def _report(rounds: list[list[tuple[float, float]]]) -> None:
    cold, *warm = rounds
    table = Table("seconds from the change to", "jobs", "changes", "min", "median", "max")
    for which, some in (("the first job", [cold]), ("the others", warm)):
        changes = [change for job in some for change in job]
        for place, name in ((0, "the bus"), (1, "the receiver")):
            spent = [change[place] for change in changes]
            shown = (min(spent), statistics.median(spent), max(spent))
            figures = (f"{value:.3f}" for value in shown)
            table.add_row(f"{name}, {which}", str(len(some)), str(len(spent)), *figures)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main())
