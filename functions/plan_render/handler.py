"""Plan Render: start the job's turn, bring in and probe the source, write the plan.

It answers with counts and keys.
"""

from datetime import UTC, datetime

from functions.plan_render.assets.bring_in import Bringing, bring_in, places_of
from functions.plan_render.live import plan_live
from functions.plan_render.plan import PlanSettings
from functions.plan_render.planning import make_plan
from functions.plan_render.source.facts import Limits
from functions.plan_render.source.fetch import Allowance, forget, locate
from functions.shared.errors import (
    InvalidRequest,
    ReelwrightError,
    RenderTimedOut,
    TransientError,
)
from functions.shared.frozen import Frozen
from functions.shared.job import Request, parse_request
from functions.shared.media_store import Keys
from functions.shared.metering import metered
from functions.shared.parts import Deadline
from functions.shared.plan import LivePlan, Plan
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

_FETCH_SHARE = 0.8
_AROUND_MB = 256
"""This process beside the one that reads the source."""


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
    is_live: bool
    """A stream is watched instead."""


@logged
@metered
def handle(event: Event, context: Context) -> dict[str, object]:
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000)
    asked = PlanEvent.model_validate(event)
    job_id = asked.job_id
    jobs_table().start(job_id, asked.execution_arn, asked.epoch, datetime.now(UTC))
    request = _request(job_id)
    store = media_store()
    if request.live is not None:
        live = plan_live(job_id, request, request.live, int(setting("JOB_TIMEOUT_S")))
        store.write_live_plan(live)
        return _told(_live_summary(live, store.bucket), live.hash)
    limits = _limits()
    source = locate(request.source, job_id, store, Web(), _allowance(limits, deadline))
    try:
        brought = bring_in(
            request.edit,
            Bringing(job_id, store, places_of(store, Web()), deadline, limits.size_bytes),
        )
        plan = make_plan(
            job_id,
            request,
            source,
            store,
            brought=brought,
            settings=PlanSettings(
                threads=int(setting("RENDER_THREADS")),
                max_parallel=int(setting("MAX_PARALLEL")),
                chunk_memory_mb=int(setting("CHUNK_MEMORY_MB")),
                audio_storage_mb=int(setting("AUDIO_STORAGE_MB")),
                assemble_timeout_s=int(setting("ASSEMBLE_TIMEOUT_S")),
                max_source_pixels=limits.pixels,
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
    return _told(_summary(plan, store.bucket), plan.hash)


def _told(summary: Summary, plan_hash: str) -> dict[str, object]:
    logger().info("planned", **summary.model_dump(), plan_hash=plan_hash)
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
        side=int(setting("MAX_SOURCE_SIDE")),
        duration_s=int(setting("MAX_SOURCE_DURATION_S")),
        streams=int(setting("MAX_SOURCE_STREAMS")),
        scan_bytes=int(setting("MAX_SCAN_BYTES")),
        memory_bytes=(int(setting("PLAN_MEMORY_MB")) - _AROUND_MB) << 20,
    )


def _allowance(limits: Limits, deadline: Deadline) -> Allowance:
    """A slow server may not use up the time for probing, however short the function's is."""
    left_s = deadline.left_s("bringing in the source")
    return Allowance(
        size_bytes=limits.size_bytes,
        duration_s=limits.duration_s,
        timeout_s=min(int(setting("SOURCE_FETCH_TIMEOUT_S")), left_s * _FETCH_SHARE),
    )


def _summary(plan: Plan, bucket: str) -> Summary:
    return Summary(
        job_id=plan.job_id,
        bucket=bucket,
        chunks_key=Keys(plan.job_id).chunks,
        chunk_count=len(plan.items),
        max_parallel=plan.max_parallel,
        has_audio=plan.audio is not None,
        snapshot_batches=plan.snapshots.batch_count if plan.snapshots else 0,
        is_live=False,
    )


def _live_summary(plan: LivePlan, bucket: str) -> Summary:
    return Summary(
        job_id=plan.job_id,
        bucket=bucket,
        chunks_key=Keys(plan.job_id).chunks,
        chunk_count=0,
        max_parallel=1,
        has_audio=False,
        snapshot_batches=0,
        is_live=True,
    )
