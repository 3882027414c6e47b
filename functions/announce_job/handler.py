"""Announce Job: the jobs table's stream becomes events on the bus and messages for webhooks."""

from datetime import UTC, datetime

from functions.announce_job.announce import announce
from functions.announce_job.bus import Bus, Outbox
from functions.shared.errors import TransientError
from functions.shared.runtime import (
    Context,
    Event,
    events,
    logged,
    logger,
    media_store,
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
    for change in told.changes:
        logger().info("announced", job_id=change.job_id, kind=change.kind, event_id=change.event_id)
    failed = told.failed
    if failed is None:
        return {"batchItemFailures": []}
    logger().warning("not announced", job_id=failed.job_id, kind=failed.kind, why=told.why)
    if failed.sequence_number == records[0]["dynamodb"]["SequenceNumber"]:
        # Of a reported failure, Lambda at last gives up the record and all behind it. Of a batch
        # that raises, it tries the halves: one bad record is at last tried, and given up, alone.
        raise TransientError(f"The change of job {failed.job_id} was not announced: {told.why}")
    return {"batchItemFailures": [{"itemIdentifier": failed.sequence_number}]}
