"""Wait For Turn: keeps the execution's token; whoever grants the turn answers it."""

from functions.request_turn.request import request_turn
from functions.shared.frozen import Frozen
from functions.shared.runtime import Context, Event, answers, jobs_table, logged, setting


class TurnEvent(Frozen):
    """What the state machine passes; `token` is answered with {"epoch"}."""

    job_id: str
    execution_arn: str
    token: str


@logged
def handle(event: Event, context: Context) -> None:
    asked = TurnEvent.model_validate(event)
    request_turn(
        jobs_table(),
        answers(),
        asked.job_id,
        asked.execution_arn,
        asked.token,
        int(setting("MAX_ACTIVE_JOBS")),
    )
