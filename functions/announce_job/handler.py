"""Announce Job: the jobs table's stream becomes events on the bus and messages for webhooks."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from functions.announce_job.announce import Told, announce
from functions.announce_job.bus import Bus, Outbox
from functions.announce_job.changes import Change
from functions.announce_job.measure import bills, measured
from functions.shared.errors import TransientError
from functions.shared.metrics import embedded
from functions.shared.runtime import (
    Context,
    Event,
    events,
    logged,
    logger,
    media_store,
    optional_setting,
    setting,
    sqs,
)


@logged
def handle(event: Event, context: Context) -> dict[str, list[dict[str, str]]]:
    """In: a batch of the stream's records. Out: the first that is to be tried again, if any."""
    records = event["Records"]
    bus = Bus(events(), setting("EVENT_BUS"))
    outbox = Outbox(sqs(), setting("WEBHOOKS_URL"))
    told = announce(records, media_store(), bus, outbox, datetime.now(UTC))
    _note(told, records)
    failed = told.failed
    if failed is None:
        return {"batchItemFailures": []}
    logger().warning("not announced", job_id=failed.job_id, kind=failed.kind, why=told.why)
    if failed.sequence_number == records[0]["dynamodb"]["SequenceNumber"]:
        # Of a reported failure, Lambda at last gives up the record and all behind it. Of a batch
        # that raises, it tries the halves: one bad record is at last tried, and given up, alone.
        raise TransientError(f"The change of job {failed.job_id} was not announced: {told.why}")
    return {"batchItemFailures": [{"itemIdentifier": failed.sequence_number}]}


def _note(told: Told, records: Iterable[Mapping[str, Any]]) -> None:
    """One line for each change, and for each bill before the first that is to be tried again."""
    stack, now = optional_setting("METRICS_STACK"), datetime.now(UTC)
    for letter in told.letters:
        facts = _facts(letter.change)
        logger().info("announced", **facts, **embedded(stack, now, measured(letter)))
    end = told.failed.sequence_number if told.failed else None
    done = takewhile(lambda record: record["dynamodb"]["SequenceNumber"] != end, records)
    for bill in bills(done):
        logger().info(
            "billed",
            job_id=bill.job_id,
            execution_arn=bill.execution_arn,
            usd=bill.usd,
            **embedded(stack, now, {"CostUsd": bill.usd}),
        )


def _facts(change: Change) -> dict[str, Any]:
    """What the saved queries ask for."""
    error = change.row.get("error", {})
    chunk = error.get("chunk")
    return {
        "job_id": change.job_id,
        "kind": change.kind,
        "event_id": change.event_id,
        "execution_arn": change.row.get("execution_arn"),
        "error_name": error.get("name"),
        "error_state": error.get("state"),
        "chunk": None if chunk is None else int(chunk),
    }
