"""Deliver Webhook: a message of the queue of webhooks is one attempt to post it."""

import functools
import random
from datetime import UTC, datetime
from typing import Any

from functions.deliver_webhook.deliver import Message, Outcome, deliver
from functions.deliver_webhook.schedule import delay_s
from functions.deliver_webhook.signing import StackSecrets
from functions.shared.runtime import (
    Context,
    Event,
    jobs_table,
    logged,
    logger,
    secrets_manager,
    setting,
    sqs,
)
from functions.shared.web import Web


@logged
def handle(event: Event, context: Context) -> dict[str, list[dict[str, str]]]:
    """In: messages. Out: those that are not done, each hidden until its next attempt."""
    failed = []
    for record in event["Records"]:
        message = Message.from_record(record)
        outcome = deliver(message, jobs_table(), _secrets(), _web(), _now)
        delay = _hide(record, message, outcome) if outcome.kind == "failed" else None
        if outcome.kind == "failed":
            failed.append({"itemIdentifier": record["messageId"]})
        _log(message, outcome, delay)
    return {"batchItemFailures": failed}


def _hide(record: dict[str, Any], message: Message, outcome: Outcome) -> int | None:
    """Until the next attempt. None: there is none, and the queue moves it away at once."""
    delay = delay_s(message.attempt, outcome.retry_after, _now(), random.random)
    sqs().change_message_visibility(
        QueueUrl=setting("WEBHOOKS_URL"),
        ReceiptHandle=record["receiptHandle"],
        VisibilityTimeout=delay or 0,
    )
    return delay


def _log(message: Message, outcome: Outcome, delay: int | None) -> None:
    is_last = outcome.kind == "failed" and delay is None
    log = logger().info if outcome.kind == "delivered" else logger().warning
    log(
        f"webhook {'given up' if is_last else outcome.kind}",
        job_id=message.job_id,
        event_id=message.event_id,
        attempt=message.attempt,
        said=outcome.said,
        next_attempt_in_s=delay,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@functools.cache
def _web() -> Web:
    return Web()


@functools.cache
def _secrets() -> StackSecrets:
    return StackSecrets(secrets_manager(), setting("WEBHOOK_SECRET_ARN"))
