"""Runs every minute. Out: how many jobs were mended, and how many of dead letters ended."""

from datetime import UTC, datetime, timedelta

from functions.reconcile_jobs.dead_letters import DeadLetters, end_unstarted
from functions.reconcile_jobs.reconcile import World, reconcile
from functions.shared.metrics import embedded
from functions.shared.runtime import (
    Context,
    Event,
    answers,
    executions,
    jobs_table,
    logged,
    logger,
    optional_setting,
    readable_buckets,
    setting,
    sqs,
)

_LAST_GRANTS_MS = 8000
"""Kept for the last pass of granting, after the turns were looked at."""


@logged
def handle(event: Event, context: Context) -> dict[str, int]:
    world = World(
        jobs=jobs_table(),
        executions=executions(),
        answerer=answers(),
        ceiling=int(setting("MAX_ACTIVE_JOBS")),
        never_started_after=timedelta(seconds=int(setting("NEVER_STARTED_AFTER_S"))),
        renders_at_most=timedelta(seconds=int(setting("JOB_TIMEOUT_S"))),
        has_time=lambda: context.get_remaining_time_in_millis() > _LAST_GRANTS_MS,
    )
    letters = DeadLetters(
        sqs(), setting("DEAD_LETTERS_URL"), context.get_remaining_time_in_millis() // 1000 + 1
    )
    now = datetime.now(UTC)
    ended = end_unstarted(letters, world.jobs, readable_buckets(), now)
    seen = reconcile(world, now)
    measured = {
        "Mended": seen.mended,
        "JobsWaiting": seen.waiting,
        "JobsRendering": seen.rendering,
        "LongestTurnSeconds": seen.longest_s,
    }
    logger().info(
        "reconciled",
        mended=seen.mended,
        never_started=ended,
        **embedded(optional_setting("METRICS_STACK"), now, measured),
    )
    return {"mended": seen.mended, "never_started": ended}
