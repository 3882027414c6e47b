"""Render Audio: the whole track of a job."""

from functions.render_audio.render import render_audio
from functions.shared.frozen import Frozen
from functions.shared.metering import metered
from functions.shared.runtime import Context, Event, jobs_table, logged, media_store


class AudioEvent(Frozen):
    """What the state machine passes."""

    job_id: str
    execution_arn: str


@logged
@metered
def handle(event: Event, context: Context) -> dict[str, str]:
    asked = AudioEvent.model_validate(event)
    jobs_table().check_running(asked.job_id, asked.execution_arn)
    remaining_s = context.get_remaining_time_in_millis() / 1000
    render_audio(media_store(), asked.job_id, remaining_s=remaining_s)
    return {"job_id": asked.job_id}
