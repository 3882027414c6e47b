"""Called by operators and, later, the API. In: {"job_id"}. Out: the id and its status."""

from datetime import UTC, datetime
from typing import Any

from functions.cancel_job.cancel import cancel
from functions.shared.runtime import (
    Context,
    Event,
    answers,
    executions,
    jobs_table,
    logged,
    setting,
)


@logged
def handle(event: Event, context: Context) -> dict[str, Any]:
    return cancel(
        jobs_table(),
        executions(),
        answers(),
        event["job_id"],
        int(setting("MAX_ACTIVE_JOBS")),
        datetime.now(UTC),
    )
