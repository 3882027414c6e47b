"""Plan Render: start the job's turn, bring in and probe the source, write the plan.

It answers with counts and keys.
"""

from datetime import UTC, datetime

from functions.plan_render.facts import Limits
from functions.plan_render.fetch import forget, locate
from functions.plan_render.plan import PlanSettings
from functions.plan_render.planning import make_plan
from functions.shared.errors import (
    InvalidRequest,
    ReelwrightError,
    RenderTimedOut,
    TransientError,
)
from functions.shared.job import Request, parse_request
from functions.shared.media_store import Keys
from functions.shared.parts import Deadline
from functions.shared.plan import Frozen, Plan
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

_SCAN_BYTES = 2 << 30
"""Read at most to find the end of a source that does not say how long it is."""


class PlanEvent(Frozen):
    """What the state machine passes; `epoch` is what its token was answered with."""

    job_id: str
    execution_arn: str
    epoch: int


class Summary(Frozen):
    """What the next states branch on; everything else is in the plan."""

    job_id: str
    bucket: str
    chunks_key: str
    chunk_count: int
    max_parallel: int
    has_audio: bool
    snapshot_batches: int


@logged
def handle(event: Event, context: Context) -> dict[str, object]:
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000)
    asked = PlanEvent.model_validate(event)
    job_id = asked.job_id
    jobs_table().start(job_id, asked.execution_arn, asked.epoch, datetime.now(UTC))
    request = _request(job_id)
    store = media_store()
    limits = _limits()
    source = locate(request.source, job_id, store, Web(), limits.size_bytes)
    try:
        plan = make_plan(
            job_id,
            request,
            source,
            store,
            settings=PlanSettings(
                threads=int(setting("RENDER_THREADS")),
                max_parallel=int(setting("MAX_PARALLEL")),
                chunk_memory_mb=int(setting("CHUNK_MEMORY_MB")),
            ),
            limits=limits,
            timeout_s=deadline.left_s("probing the source"),
        )
    except (RenderTimedOut, TransientError):
        raise
    except ReelwrightError:
        forget(request.source, job_id, store)
        raise
    store.write_plan(plan)
    summary = _summary(plan, store.bucket)
    logger().info("planned", **summary.model_dump(), plan_hash=plan.hash)
    return summary.model_dump()


def _request(job_id: str) -> Request:
    row = jobs_table().get(job_id)
    if row is None:
        raise InvalidRequest(f"There is no job {job_id!r}; claim_job registers it first.")
    return parse_request(row["request"])


def _limits() -> Limits:
    return Limits(
        size_bytes=int(setting("MAX_SOURCE_BYTES")),
        pixels=int(setting("MAX_SOURCE_PIXELS")),
        duration_s=int(setting("MAX_SOURCE_DURATION_S")),
        streams=64,
        scan_bytes=_SCAN_BYTES,
    )


def _summary(plan: Plan, bucket: str) -> Summary:
    return Summary(
        job_id=plan.job_id,
        bucket=bucket,
        chunks_key=Keys(plan.job_id).chunks,
        chunk_count=len(plan.chunks),
        max_parallel=plan.max_parallel,
        has_audio=plan.audio is not None,
        snapshot_batches=plan.snapshots.batch_count if plan.snapshots else 0,
    )
