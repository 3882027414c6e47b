"""Take Snapshots: one item of the map, one batch of pictures."""

from functions.shared.plan import Frozen
from functions.shared.runtime import Context, Event, logged, media_store
from functions.take_snapshots.take import take_batch


class BatchEvent(Frozen):
    """What the state machine passes."""

    job_id: str
    batch: int


@logged
def handle(event: Event, context: Context) -> dict[str, int]:
    asked = BatchEvent.model_validate(event)
    remaining_s = context.get_remaining_time_in_millis() / 1000
    files = take_batch(media_store(), asked.job_id, asked.batch, remaining_s=remaining_s)
    return {"batch": asked.batch, "files": files}
