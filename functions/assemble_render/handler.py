"""Assemble Render: check every part, join them, publish what passed its checks."""

from pydantic import BaseModel, ConfigDict

from functions.assemble_render.assemble import assemble
from functions.assemble_render.live import assemble_live
from functions.shared.jobs_table import ended
from functions.shared.media_store import Keys
from functions.shared.plan import LivePlan
from functions.shared.runtime import Context, Event, jobs_table, logged, logger, media_store


class AssembleEvent(BaseModel):
    """What the state machine passes."""

    model_config = ConfigDict(extra="ignore")

    job_id: str
    execution_arn: str


@logged
def handle(event: Event, context: Context) -> dict[str, str | int]:
    asked = AssembleEvent.model_validate(event)
    job_id = asked.job_id

    def begin_publishing() -> None:
        """From here on it is too late to cancel."""
        if not jobs_table().begin_publishing(job_id, asked.execution_arn):
            raise ended(job_id)

    store = media_store()
    plan = store.read_any_plan(job_id)
    if isinstance(plan, LivePlan):
        result = assemble_live(store, plan, begin_publishing)
    else:
        result = assemble(
            store,
            job_id,
            begin_publishing,
            remaining_s=context.get_remaining_time_in_millis() / 1000,
        )
    logger().info("assembled", checks=result.checks.model_dump())
    return {
        "job_id": job_id,
        "result_key": Keys(job_id).result,
        "outputs": len(result.outputs),
        "snapshots": len(result.snapshots),
    }
