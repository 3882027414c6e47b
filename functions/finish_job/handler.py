"""Last state, catch path, and target of the rule on failed, timed-out and aborted executions."""

from datetime import UTC, datetime
from typing import Any

from functions.finish_job.ending import Ending
from functions.finish_job.finish import finish
from functions.shared.runtime import Context, jobs_table, logged, logger, media_store


@logged
def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
    ending = Ending.from_event(event)
    ended = finish(ending, jobs_table(), media_store(), datetime.now(UTC))
    logger().info("finished", execution_arn=ending.execution_arn, **ended)
    return ended
