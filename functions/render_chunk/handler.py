"""Render Chunks: one item of the map, a chunk of frames or a whole picture."""

from functions.render_chunk.items import render_item
from functions.shared.frozen import Frozen
from functions.shared.metering import metered
from functions.shared.plan import Chunk
from functions.shared.runtime import Context, Event, jobs_table, logged, media_store


class ChunkEvent(Frozen):
    """What the state machine passes: the job and one item of its chunk list."""

    job_id: str
    execution_arn: str
    index: int
    start_frame: int
    end_frame: int


@logged
@metered
def handle(event: Event, context: Context) -> dict[str, int]:
    asked = ChunkEvent.model_validate(event)
    jobs_table().check_running(asked.job_id, asked.execution_arn)
    frames = render_item(
        media_store(),
        asked.job_id,
        Chunk(index=asked.index, start_frame=asked.start_frame, end_frame=asked.end_frame),
        remaining_s=context.get_remaining_time_in_millis() / 1000,
    )
    return {"index": asked.index, "frames": frames}
