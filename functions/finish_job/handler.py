"""Last state, catch path, and target of the rule on failed, timed-out and aborted executions.

The state Job Failed calls it too, which only has the execution fail: nothing is recorded.
"""

from datetime import UTC, datetime
from typing import Any

from functions.finish_job.costing import note_cost
from functions.finish_job.ending import Ending, LastWord
from functions.finish_job.finish import finish
from functions.shared.cost import Buying
from functions.shared.runtime import (
    Context,
    answers,
    jobs_table,
    logged,
    logger,
    media_store,
    setting,
)


@logged
def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
    if "redriven" in event:
        LastWord.model_validate(event).speak()
        return {}
    ending = Ending.from_event(event)
    ended = finish(
        ending,
        jobs_table(),
        media_store(),
        answers(),
        int(setting("MAX_ACTIVE_JOBS")),
        datetime.now(UTC),
    )
    if ended["status"] in {"FAILED", "CANCELLED"}:
        buying = Buying.read(setting("CHUNK_EXECUTION_TYPE"), setting("PARTS_EXPIRE_DAYS"))
        note_cost(ended["job_id"], ending.execution_arn, jobs_table(), media_store(), buying)
    told = {name: ended[name] for name in ("job_id", "status")}
    logger().info("finished", execution_arn=ending.execution_arn, **told)
    return ended
