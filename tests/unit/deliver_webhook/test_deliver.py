"""What follows from an attempt: for the message, for the job, and in the log."""

import io
import json
import uuid
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from standardwebhooks import Webhook

from functions.deliver_webhook import handler
from functions.deliver_webhook.schedule import MOST_ATTEMPTS
from functions.deliver_webhook.signing import StackSecrets
from functions.shared.jobs_table import JobError
from functions.shared.web import Web
from tests.unit.conftest import NOW, Desk
from tests.unit.deliver_webhook.conftest import Receiver

STACKS = "whsec_" + "c3RhY2s" * 6
OWN = "whsec_" + "b3du" * 10
CONTEXT = SimpleNamespace(aws_request_id="request-1")


class Deliveries:
    """The queue of webhooks, and its function called as Lambda calls it: one message at a time."""

    def __init__(self, desk: Desk, queue_url: str) -> None:
        self.desk = desk
        self.url = queue_url
        self.sqs = boto3.client("sqs")
        self.log = io.StringIO()

    def send(self, kind: str = "completed", job_id: str = "a") -> None:
        data = {"job_id": job_id, "event_id": f"evt_{kind}"}
        self.sqs.send_message(
            QueueUrl=self.url,
            MessageBody=json.dumps({"type": f"job.{kind}", "data": data}),
            MessageGroupId=job_id,
            MessageDeduplicationId=f"{job_id}-{kind}",
        )

    def receive(self) -> dict[str, Any]:
        (message,) = self.sqs.receive_message(
            QueueUrl=self.url, MessageSystemAttributeNames=["All"]
        )["Messages"]
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message["Attributes"]),
        }

    def attempt(self, number: int = 1) -> bool:
        """Deliver the first message. True: it is done with, and deleted, as Lambda does."""
        record = self.receive()
        record["attributes"]["ApproximateReceiveCount"] = str(number)
        answer = handler.handle({"Records": [record]}, CONTEXT)
        failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
        assert failed in ([], [record["messageId"]])
        if not failed:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=record["receiptHandle"])
        return not failed

    def hidden(self) -> int:
        """Messages in hand."""
        names: Any = ["ApproximateNumberOfMessagesNotVisible"]
        got = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return int(got["Attributes"]["ApproximateNumberOfMessagesNotVisible"])

    @property
    def said(self) -> dict[str, Any]:
        """The last line of the log."""
        line: dict[str, Any] = json.loads(self.log.getvalue().splitlines()[-1])
        return line


@pytest.fixture
def deliveries(desk: Desk, web: Web, monkeypatch: pytest.MonkeyPatch) -> Deliveries:
    url = boto3.client("sqs").create_queue(
        QueueName="webhooks.fifo", Attributes={"FifoQueue": "true"}
    )["QueueUrl"]
    manager = boto3.client("secretsmanager")
    secret = manager.create_secret(Name="webhooks", SecretString=STACKS.removeprefix("whsec_"))
    here = Deliveries(desk, url)
    log = Logger(service=uuid.uuid4().hex, stream=here.log)
    secrets = StackSecrets(manager, secret["ARN"])
    monkeypatch.setenv("WEBHOOKS_URL", url)
    monkeypatch.setattr(handler, "sqs", lambda: here.sqs)
    monkeypatch.setattr(handler, "jobs_table", lambda: desk.jobs)
    monkeypatch.setattr(handler, "logger", lambda: log)
    monkeypatch.setattr(handler, "_web", lambda: web)
    monkeypatch.setattr(handler, "_secrets", lambda: secrets)
    return here


def queue(desk: Desk, receiver: Receiver, **notify: Any) -> None:
    desk.queue("a", notify={"webhook_url": receiver.url, **notify})


def test_a_webhook_is_signed_with_the_stacks_secret(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    queue(desk, receiver)
    deliveries.send()
    assert deliveries.attempt()
    (got,) = receiver.requests
    event = Webhook(STACKS).verify(got.body, got.headers)
    assert (event["type"], got.headers["webhook-id"]) == ("job.completed", "evt_completed")
    assert deliveries.said["message"] == "webhook delivered"


def test_a_jobs_own_secret_signs_in_its_place(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    queue(desk, receiver, webhook_secret=OWN)
    deliveries.send()
    assert deliveries.attempt()
    Webhook(OWN).verify(receiver.requests[0].body, receiver.requests[0].headers)


def test_a_receiver_that_is_down_three_times_gets_the_same_webhook_the_fourth(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    queue(desk, receiver)
    deliveries.send()
    receiver.answers = [(500, {}), (503, {"retry-after": "0"}), (404, {})]
    record = deliveries.receive()
    done = []
    for number in range(1, 5):
        record["attributes"]["ApproximateReceiveCount"] = str(number)
        done.append(not handler.handle({"Records": [record]}, CONTEXT)["batchItemFailures"])
    assert done == [False, False, False, True]
    assert {request.headers["webhook-id"] for request in receiver.requests} == {"evt_completed"}
    assert len({request.body for request in receiver.requests}) == 1
    for request in receiver.requests:
        Webhook(STACKS).verify(request.body, request.headers)


def test_a_failed_webhook_is_hidden_until_its_next_attempt(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    queue(desk, receiver)
    deliveries.send("queued")
    deliveries.send("waiting")
    receiver.answers = [(429, {"retry-after": "100"})]
    assert not deliveries.attempt()
    assert 100 <= deliveries.said["next_attempt_in_s"] <= 120
    assert deliveries.said["said"] == "The receiver answered 429."
    # It holds back the next one of its job: in order, or not at all.
    assert deliveries.hidden() == 1
    assert "Messages" not in deliveries.sqs.receive_message(QueueUrl=deliveries.url)


def test_after_the_last_attempt_it_is_left_to_the_queue_at_once(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    queue(desk, receiver)
    deliveries.send()
    receiver.answers = [(500, {})]
    assert not deliveries.attempt(MOST_ATTEMPTS)
    assert deliveries.said["message"] == "webhook given up"
    assert deliveries.hidden() == 0


def test_gone_ends_the_webhooks_of_this_job_and_says_so_in_its_row(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    queue(desk, receiver)
    deliveries.send("queued")
    deliveries.send("waiting")
    receiver.answers = [(410, {})]
    assert deliveries.attempt()
    assert "410" in desk.row()["webhook_error"]
    assert desk.status() == "QUEUED"
    assert deliveries.attempt()
    assert deliveries.said["message"] == "webhook dropped"
    assert len(receiver.requests) == 1


def test_a_private_address_is_refused_for_good(
    deliveries: Deliveries,
    receiver: Receiver,
    desk: Desk,
    web: Web,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside = replace(web, resolve=lambda *_: ["10.0.0.7"], is_public=Web().is_public)
    monkeypatch.setattr(handler, "_web", lambda: inside)
    queue(desk, receiver)
    deliveries.send()
    assert deliveries.attempt()
    assert desk.row()["webhook_error"] == (
        "The host hooks.test has the address 10.0.0.7, which is not public."
    )
    assert receiver.requests == []


def test_a_stopped_webhook_stays_stopped_and_keeps_its_first_reason(desk: Desk) -> None:
    desk.queue("a")
    desk.jobs.stop_webhook("a", "The first.")
    desk.jobs.stop_webhook("a", "The second.")
    assert desk.row()["webhook_error"] == "The first."
    assert desk.jobs.fail("a", None, JobError("E", "m"), NOW)


def test_a_job_that_is_gone_or_wants_no_webhook_drops_the_message(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    desk.queue("a")
    deliveries.send(job_id="a")
    assert deliveries.attempt()
    deliveries.send(job_id="never-was")
    assert deliveries.attempt()
    assert receiver.requests == []


def test_neither_log_nor_row_shows_more_of_the_address_than_its_host(
    deliveries: Deliveries, receiver: Receiver, desk: Desk
) -> None:
    hidden = {"webhook_url": f"{receiver.url}/p4th?key=s3cret", "webhook_secret": OWN}
    desk.queue("a", notify=hidden)
    receiver.answers = [(500, {}), (410, {})]
    for kind in ("queued", "waiting"):
        deliveries.send(kind, "a")
    record = deliveries.receive()
    for _ in range(2):
        handler.handle({"Records": [record]}, CONTEXT)
    shown = deliveries.log.getvalue() + desk.row()["webhook_error"]
    assert "evt_queued" in shown
    for secret in ("p4th", "s3cret", OWN):
        assert secret not in shown
