"""Take Snapshots: one item of the map, one batch of pictures."""

from functions.shared.frozen import Frozen
from functions.shared.metering import metered
from functions.shared.runtime import Context, Event, jobs_table, logged, media_store
from functions.take_snapshots.take import take_batch


class BatchEvent(Frozen):
    """What the state machine passes."""

    job_id: str
    execution_arn: str
    batch: int


@logged
@metered
def handle(event: Event, context: Context) -> dict[str, int]:
    asked = BatchEvent.model_validate(event)
    jobs_table().check_running(asked.job_id, asked.execution_arn)
    remaining_s = context.get_remaining_time_in_millis() / 1000
    files = take_batch(media_store(), asked.job_id, asked.batch, remaining_s=remaining_s)
    return {"batch": asked.batch, "files": files}
