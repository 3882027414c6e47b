"""What is told of a change: made from the row, the parts and the result, no larger than AWS takes.

Never in it: the request's addresses, which may carry signatures, and its webhook's secret.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.announce_job.changes import Change
from functions.shared.errors import PartMismatch
from functions.shared.job_event import (
    SOURCE,
    JobEvent,
    WebhookBody,
    detail_type,
    webhook_type,
)
from functions.shared.job_view import SnapshotView, view
from functions.shared.media_store import MediaStore
from functions.shared.progress import Progress, progress_of

MOST_BYTES = 220_000
"""Of an event's detail. The bus and SQS take 1 MiB, but SNS and other targets of rules 256 KiB."""
_ADDRESSES = {"outputs": {"__all__": {"url"}}, "snapshots": {"__all__": {"url"}}}
_NOTE_BYTES = 200


@dataclass(frozen=True)
class Letter:
    """One event, ready to be sent."""

    change: Change
    event: JobEvent
    pictures: int
    """That the job made, in the event or not."""

    @property
    def entry(self) -> dict[str, Any]:
        """Of PutEvents, but for the bus."""
        return {
            "Source": SOURCE,
            "DetailType": detail_type(self.change.kind),
            "Detail": _ascii(self.event.model_dump(mode="json", exclude=_ADDRESSES)),
            "Time": datetime.fromisoformat(self.change.row["updated_at"]),
        }

    @property
    def webhook_body(self) -> str:
        body = WebhookBody(
            type=webhook_type(self.change.kind),
            timestamp=self.change.row["updated_at"],
            data=self.event,
        )
        return _ascii(body.model_dump(mode="json", exclude={"data": _ADDRESSES}))


def letter(change: Change, store: MediaStore, now: datetime) -> Letter:
    row = change.row
    seen = view(row, _progress(change, store), _result(change, store), now)
    event = JobEvent(**seen.model_dump(), event_id=change.event_id)
    return Letter(change, fitted(event), len(seen.snapshots))


def fitted(event: JobEvent) -> JobEvent:
    """The event with as many of its pictures as there is room for."""
    if _size(event) <= MOST_BYTES:
        return event
    room = MOST_BYTES - _NOTE_BYTES - _size(event.model_copy(update={"snapshots": ()}))
    kept: list[SnapshotView] = []
    for picture in event.snapshots:
        room -= len(_ascii(picture.model_dump(mode="json", exclude={"url"}))) + 1
        if room < 0:
            break
        kept.append(picture)
    note = (
        f"This event lists {len(kept)} of {len(event.snapshots)} snapshots; the job's result.json "
        "has all."
    )
    return event.model_copy(update={"snapshots": tuple(kept), "notes": (*event.notes, note)})


def _progress(change: Change, store: MediaStore) -> Progress:
    try:
        return progress_of(store, change.row)
    except PartMismatch:  # its plan is damaged, which may be what the event is about
        return Progress()


def _result(change: Change, store: MediaStore) -> Any:
    """A COMPLETE job's result.json; None where it was removed since."""
    key = change.row.get("result_key")
    if change.kind != "completed" or key is None or store.head(key) is None:
        return None
    return store.read_json(key)


def _size(event: JobEvent) -> int:
    return len(_ascii(event.model_dump(mode="json", exclude=_ADDRESSES)))


def _ascii(value: Any) -> str:
    """Not a character in it that SQS would refuse."""
    return json.dumps(value, separators=(",", ":"))
