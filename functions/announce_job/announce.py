"""Each change of a job's status is told once or more: the stream is the outbox.

Nothing is told of a change that was not written, for it is in no stream. What fails is tried again
from the first failure on, so that a job's webhooks stay in order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.announce_job.bus import MOST_LETTERS, Bus, Outbox
from functions.announce_job.changes import Change, changes
from functions.announce_job.letters import Letter, letter
from functions.shared.media_store import MediaStore


@dataclass(frozen=True)
class Told:
    """What became of a batch."""

    letters: tuple[Letter, ...]
    """Announced, in order."""
    failed: Change | None = None
    """The first that was not; it and all behind it are to be tried again."""
    why: str = ""

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(letter.change for letter in self.letters)


def announce(
    records: Iterable[Mapping[str, Any]],
    store: MediaStore,
    bus: Bus,
    outbox: Outbox,
    now: datetime,
) -> Told:
    told: list[Letter] = []
    found = changes(records)
    for start in range(0, len(found), MOST_LETTERS):
        some = found[start : start + MOST_LETTERS]
        try:
            taken = _announce(some, store, bus, outbox, now)
        except (BotoCoreError, ClientError) as error:
            return Told(tuple(told), some[0], str(error))
        told.extend(taken)
        if len(taken) < len(some):
            return Told(tuple(told), some[len(taken)], "The event bus refused it.")
    return Told(tuple(told))


def _announce(
    some: list[Change], store: MediaStore, bus: Bus, outbox: Outbox, now: datetime
) -> list[Letter]:
    """Those of these, from the first on, that are announced."""
    letters = [letter(change, store, now) for change in some]
    taken = letters[: bus.put(letters)]
    for one in taken:
        if one.change.wants_webhook:
            outbox.send(one)
    return taken
