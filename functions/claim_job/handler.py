"""First state. Out: the job's id, and whether this execution is the one to render it."""

from datetime import UTC, datetime
from typing import Any

from functions.claim_job.claim import Claim, claim
from functions.shared.runtime import Context, jobs_table, logged, logger, readable_buckets


@logged
def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
    job_id, claimed = claim(
        Claim.model_validate(event), jobs_table(), readable_buckets(), datetime.now(UTC)
    )
    logger().append_keys(job_id=job_id)
    logger().info("claimed" if claimed else "already claimed")
    return {"job_id": job_id, "claimed": claimed}
