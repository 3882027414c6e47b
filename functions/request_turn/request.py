"""An execution asks for its turn and is paused; the grant answers its token."""

from functions.shared.errors import JobEnded
from functions.shared.jobs_table import TERMINAL, JobsTable
from functions.shared.turns import Answerer, grant_turns, tell


def request_turn(
    jobs: JobsTable, answerer: Answerer, job_id: str, execution_arn: str, token: str, ceiling: int
) -> None:
    """Store the token on the job's turn, then grant what can be granted.

    A retry of the state has a new token. If the turn was granted meanwhile for the old one, the new
    one is answered at once. JobEnded where the job ended or belongs to another execution.
    """
    row = jobs.get(job_id)
    if row is None or row["status"] in TERMINAL or row.get("execution_arn") != execution_arn:
        raise JobEnded(f"The job {job_id} has no turn to wait for: it has ended.")
    lane, sequence = row["lane"], int(row["sequence"])
    turn = jobs.turns.get(lane, sequence)
    if turn is None or not jobs.turns.store_token(turn, token, execution_arn):
        raise JobEnded(f"The job {job_id} has no turn to wait for: it has ended.")
    tell(jobs.turns, answerer, lane, sequence)
    grant_turns(jobs.turns, answerer, ceiling)
