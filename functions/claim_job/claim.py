"""One execution gets the job; every other execution of the same job ends without effect."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from functions.shared.admission import check_source, job_id_for, register
from functions.shared.frozen import Frozen
from functions.shared.job import parse_input
from functions.shared.jobs_table import JobsTable


class Claim(Frozen):
    """The first state's input.

    `input` is the execution's own input: the pipe's one-element array, or the request of whoever
    called StartExecution.
    """

    input: Any
    execution_arn: str
    execution_name: str
    redrives: int = 0
    """How often the execution was redriven."""


def claim(
    event: Claim, jobs: JobsTable, readable: Collection[str], now: datetime
) -> tuple[str, bool]:
    """(job id, whether this execution has it).

    A job started directly is registered here, by the rules that hold for messages. Starting a
    FAILED job directly opens it again, and so does redriving its own execution; a repeated message
    never does.
    """
    from_queue = isinstance(event.input, list) and len(event.input) == 1
    request = parse_input(event.input[0] if from_queue else event.input)
    check_source(request, readable)
    job_id = job_id_for(request, event.execution_name)
    register(job_id, request, "queue" if from_queue else "direct", jobs, now)
    claimed = jobs.claim(
        job_id, event.execution_arn, now, reopen=not from_queue, redrives=event.redrives
    )
    return job_id, claimed
