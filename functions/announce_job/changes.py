"""What the jobs table's stream says: which jobs have another status than before."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared.dynamo_values import from_dynamo
from functions.shared.errors import InvalidRequest
from functions.shared.job import parse_request
from functions.shared.job_event import KINDS, Kind
from functions.shared.request.notify import Notify


@dataclass(frozen=True)
class Change:
    """A job's row as it was after its status had changed."""

    row: Mapping[str, Any]
    sequence_number: str
    """Of the record in the stream."""

    @property
    def job_id(self) -> str:
        return str(self.row["job_id"])

    @property
    def kind(self) -> Kind:
        return KINDS[self.row["status"]]

    @property
    def event_id(self) -> str:
        """Equal for every delivery of this change, and another one for any other.

        Where a job comes to a status again, it is later, and mostly another attempt.
        """
        row = self.row
        parts = [row["job_id"], row["status"], row["updated_at"], int(row.get("attempts", 0))]
        return "evt_" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    @property
    def wants_webhook(self) -> bool:
        notify = self._notify()
        has_address = notify is not None and notify.webhook_url is not None
        return has_address and "webhook_error" not in self.row

    def _notify(self) -> Notify | None:
        """None: a REJECTED row keeps what was sent, which may be anything."""
        try:
            return parse_request(self.row["request"]).notify
        except InvalidRequest:
            return None


def changes(records: Iterable[Mapping[str, Any]]) -> list[Change]:
    """In the stream's order; records that change no status, or remove a row, are left out."""
    found = (_change(record["dynamodb"]) for record in records)
    return [change for change in found if change is not None]


def _change(told: Mapping[str, Any]) -> Change | None:
    if "NewImage" not in told:
        return None
    row = {name: from_dynamo(value) for name, value in told["NewImage"].items()}
    before = told.get("OldImage", {}).get("status", {}).get("S")
    return None if row["status"] == before else Change(row, told["SequenceNumber"])
