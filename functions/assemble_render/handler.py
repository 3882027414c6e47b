"""Assemble Render: check every part, join them, publish what passed its checks."""

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from functions.assemble_render.assemble import assemble
from functions.assemble_render.live import assemble_live
from functions.assemble_render.result import Result
from functions.shared.bill import Cost
from functions.shared.cost import NOT_ALL, Buying, cost_of
from functions.shared.jobs_table import ended
from functions.shared.media_store import Keys
from functions.shared.meter import METER
from functions.shared.metering import receipt_so_far
from functions.shared.plan import LivePlan
from functions.shared.receipts import receipts_of
from functions.shared.runtime import (
    Context,
    Event,
    jobs_table,
    logged,
    logger,
    media_store,
    setting,
)


class AssembleEvent(BaseModel):
    """What the state machine passes."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

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

    def billed(result: Result) -> Cost | None:
        """By the receipts of the workers, and this call's own. No job fails for its bill's sake."""
        METER.add(s3_puts=1)  # result.json, which is written next
        try:
            receipts, is_whole = receipts_of(store, job_id)
        except (BotoCoreError, ClientError) as error:
            logger().warning("the cost is not known", error=str(error))
            return None
        return cost_of(
            [*receipts, receipt_so_far("assemble_render")],
            Buying.read(setting("CHUNK_EXECUTION_TYPE"), setting("PARTS_EXPIRE_DAYS")),
            kept_bytes=result.kept_bytes,
            note=None if is_whole else NOT_ALL,
        )

    store = media_store()
    plan = store.read_any_plan(job_id)
    if isinstance(plan, LivePlan):
        result = assemble_live(store, plan, begin_publishing, billed)
    else:
        result = assemble(
            store,
            job_id,
            begin_publishing,
            remaining_s=context.get_remaining_time_in_millis() / 1000,
            billed=billed,
        )
    logger().info("assembled", checks=result.checks.model_dump())
    return {
        "job_id": job_id,
        "result_key": Keys(job_id).result,
        "outputs": len(result.outputs),
        "snapshots": len(result.snapshots),
    }
