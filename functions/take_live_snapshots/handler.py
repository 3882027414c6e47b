"""Take Live Snapshots: one look at a stream that goes on while the job waits between looks."""

import functools

from functions.shared.frozen import Frozen
from functions.shared.metering import metered
from functions.shared.runtime import (
    Context,
    Event,
    jobs_table,
    logged,
    logger,
    media_store,
    setting,
)
from functions.shared.web import Web
from functions.take_live_snapshots.take import Surroundings, watch_stream
from functions.take_live_snapshots.watch import Watch


class LookEvent(Frozen):
    """What the state machine passes; `watch` is what the last call answered."""

    job_id: str
    execution_arn: str
    watch: Watch | None


@logged
@metered
def handle(event: Event, context: Context) -> dict[str, object]:
    asked = LookEvent.model_validate(event)
    jobs_table().check_running(asked.job_id, asked.execution_arn)
    around = Surroundings(media_store(), _web(), int(setting("MAX_SOURCE_PIXELS")))
    remaining_s = context.get_remaining_time_in_millis() / 1000
    answer = watch_stream(asked.job_id, asked.watch, around, remaining_s)
    logger().info("looked", **answer.model_dump(mode="json"))
    return answer.model_dump(mode="json")


@functools.cache
def _web() -> Web:
    return Web()
