"""The pipe's enrichment. In: a batch of SQS records. Out: the executions' inputs, maybe none."""

from datetime import UTC, datetime
from typing import Any

from functions.register_job.register import register
from functions.shared.runtime import Context, jobs_table, logged, logger, readable_buckets


@logged
def handle(event: list[dict[str, Any]], context: Context) -> list[dict[str, Any]]:
    started = []
    for message in event:
        job = register(message, jobs_table(), readable_buckets(), datetime.now(UTC))
        logger().append_keys(job_id=job["job_id"] if job else None)
        # Not the request: its addresses may carry signatures and passwords.
        said = "registered" if job else "nothing to start"
        logger().info(said, message_id=message["messageId"])
        if job is not None:
            started.append(job)
    return started
