"""What a job cost that failed or was cancelled; a COMPLETE one's result says it."""

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.cost import CUT_OFF, NOT_ALL, Buying, cost_of
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import MediaStore
from functions.shared.receipts import receipts_of
from functions.shared.runtime import logger


def note_cost(
    job_id: str, execution_arn: str, jobs: JobsTable, store: MediaStore, buying: Buying
) -> None:
    """Write down the cost as far as the job's workers left receipts, unless that was done.

    It comes after the end, which needs no bill: a cancelled job is ended by others, and the word
    of its execution's end comes here later. So what AWS does not answer is let go: raised, it would
    have the end told again.
    """
    try:
        receipts, is_whole = receipts_of(store, job_id)
        note = CUT_OFF if is_whole else f"{CUT_OFF} {NOT_ALL}"
        jobs.note_cost(job_id, execution_arn, cost_of(receipts, buying, note=note))
    except (BotoCoreError, ClientError) as error:
        logger().warning("the cost is not known", error=str(error))
