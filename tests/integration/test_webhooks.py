"""Webhooks from a job to a receiver: in order, signed, again and again until they are taken."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from local.loopback_receiver import LoopbackReceiver, Received
from local.stand_ins import stand_in
from tests.integration.conftest import Deployed
from tests.integration.listening import drained
from tests.polling import until

SMALL = {"outputs": [{"name": "small", "height": 90, "video": {"preset": "ultrafast"}}]}
TYPES = ["job.queued", "job.waiting", "job.started", "job.completed"]
OWN_SECRET = "whsec_" + "b3du" * 10


@pytest.fixture(scope="module")
def receiver() -> Iterator[LoopbackReceiver]:
    with LoopbackReceiver() as here:
        yield here


@pytest.fixture
def reachable(stack: Deployed, receiver: LoopbackReceiver) -> Iterator[None]:
    """deliver_webhook finds the receiver, and tries again after a second or two."""
    function = stack.function("DeliverWebhook")
    with stand_in(stack.client.functions, function, receiver.source(delay_s=1)):
        yield


@pytest.fixture
def hasty(stack: Deployed, receiver: LoopbackReceiver) -> Iterator[None]:
    """deliver_webhook finds the receiver, and tries again at once."""
    function = stack.function("DeliverWebhook")
    with stand_in(stack.client.functions, function, receiver.source(delay_s=0)):
        yield


@pytest.fixture
def secret(stack: Deployed) -> str:
    """The stack's, as its receivers are given it."""
    found = stack.service("secretsmanager").get_secret_value(
        SecretId=stack.client.outputs["WebhookSecretArn"]
    )
    return f"whsec_{found['SecretString']}"


Submit = Callable[..., str]


@pytest.fixture
def submit(stack: Deployed, receiver: LoopbackReceiver, clip: str) -> Submit:
    """Put a job on the queue that tells the receiver's path."""

    def send(path: str, **notify: Any) -> str:
        told = {"webhook_url": receiver.url(path), **notify}
        return stack.client.submit({"source": clip, "render": SMALL, "notify": told})

    return send


def told(receiver: LoopbackReceiver, path: str) -> list[Received]:
    return [one for one in receiver.received if one.path == path]


def all_told(receiver: LoopbackReceiver, path: str) -> list[Received]:
    """What a path received, once the job's end was taken."""
    return until(
        lambda: found if (found := told(receiver, path)) and is_end(found[-1]) else None,
        f"the last webhook at {path}",
        90,
    )


def is_end(one: Received) -> bool:
    return bool(json.loads(one.body)["type"] == "job.completed")


@pytest.mark.embedded_only
@pytest.mark.usefixtures("reachable")
def test_a_receiver_that_is_down_three_times_gets_all_in_order_and_holds_up_nobody(
    receiver: LoopbackReceiver, submit: Submit, secret: str
) -> None:
    receiver.answers["/down"] = [500, 503, 404]
    submit("/down")
    submit("/up", webhook_secret=OWN_SECRET)
    down, up = all_told(receiver, "/down"), all_told(receiver, "/up")

    bodies = [Webhook(secret).verify(one.body, one.headers) for one in down]
    assert [body["type"] for body in bodies] == [TYPES[0]] * 3 + TYPES
    assert len({one.event_id for one in down[:4]}) == 1
    assert len({one.body for one in down[:4]}) == 1
    assert len({one.event_id for one in down}) == 4
    assert [one.event_id for one in down] == [body["data"]["event_id"] for body in bodies]

    others = [Webhook(OWN_SECRET).verify(one.body, one.headers) for one in up]
    assert [body["type"] for body in others] == TYPES
    assert up[0].at < down[3].at


@pytest.mark.embedded_only
@pytest.mark.usefixtures("reachable")
def test_a_receiver_that_is_gone_is_told_no_more(
    stack: Deployed, receiver: LoopbackReceiver, submit: Submit
) -> None:
    receiver.answers["/gone"] = [410]
    job_id = submit("/gone")
    assert stack.wait(job_id)["status"] == "COMPLETE"
    assert "410" in webhook_error(stack, job_id)
    check_queue_is_empty(stack)
    assert len(told(receiver, "/gone")) == 1


@pytest.mark.embedded_only
@pytest.mark.usefixtures("hasty")
def test_what_nobody_takes_is_kept_without_a_secret_and_lets_the_next_pass(
    stack: Deployed, receiver: LoopbackReceiver, submit: Submit
) -> None:
    receiver.answers["/broken?key=s3cret"] = [500] * 10
    submit("/broken?key=s3cret", webhook_secret=OWN_SECRET)
    found = all_told(receiver, "/broken?key=s3cret")
    types = [json.loads(one.body)["type"] for one in found]
    assert types == [TYPES[0]] * 10 + TYPES[1:]
    kept = until(lambda: dead_letters(stack) or None, "the dead letter", 30)
    assert [json.loads(text)["type"] for text in kept] == ["job.queued"]
    assert "s3cret" not in kept[0]
    assert OWN_SECRET not in kept[0]


def webhook_error(stack: Deployed, job_id: str) -> str:
    """Why the job's webhooks ended, once they have."""
    return until(
        lambda: (stack.client.job(job_id) or {}).get("webhook_error"), "the webhooks to end", 60
    )


def dead_letters(stack: Deployed) -> list[str]:
    url = stack.client.outputs["WebhookDeadLetterQueueUrl"]
    return [message["Body"] for message in drained(stack.service("sqs"), url)]


def check_queue_is_empty(stack: Deployed) -> None:
    """Wait until no webhook is left to be delivered."""
    sqs = stack.service("sqs")
    url = stack.configuration("DeliverWebhook")["Environment"]["Variables"]["WEBHOOKS_URL"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_empty() -> bool:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return not any(int(found[name]) for name in names)

    until(is_empty, "the webhooks to be delivered", 60)


def test_a_private_address_is_not_connected_to_and_the_job_says_why(
    stack: Deployed, receiver: LoopbackReceiver, clip: str
) -> None:
    before = len(receiver.received)
    hook = {"webhook_url": f"https://localhost:{receiver.port}/inside?key=s3cret"}
    job_id = stack.client.submit({"source": clip, "render": SMALL, "notify": hook})
    assert stack.wait(job_id)["status"] == "COMPLETE"
    error = webhook_error(stack, job_id)
    assert error.startswith("The host localhost has the address ")
    assert "s3cret" not in error
    check_queue_is_empty(stack)
    assert len(receiver.received) == before
    assert dead_letters(stack) == []
