"""Resize Snapshot: called by the API, which waits for the answer."""

from functions.resize_snapshot.resize import resize
from functions.shared.resizing import ResizeEvent
from functions.shared.runtime import Context, Event, logged, media_store


@logged
def handle(event: Event, context: Context) -> dict[str, str | int]:
    asked = ResizeEvent.model_validate(event)
    remaining_s = context.get_remaining_time_in_millis() / 1000
    return resize(media_store(), asked, remaining_s=remaining_s).model_dump()
