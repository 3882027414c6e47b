"""Where letters go: the event bus, and the queue of webhooks."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.announce_job.letters import Letter

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_sqs import SQSClient

MOST_LETTERS = 10
"""That PutEvents takes in one call."""
_MOST_CALL_BYTES = 250_000
"""Of one call; where the limit was never raised, it holds for all entries together."""
_TRIES = 3
_FIRST_PAUSE_S = 0.2


@dataclass(frozen=True)
class Bus:
    """The stack's event bus."""

    events: "EventBridgeClient"
    name: str
    pause: Callable[[float], None] = time.sleep

    def put(self, letters: Sequence[Letter]) -> int:
        """How many of these, from the first on, are on the bus; those behind may be there or not.

        MOST_LETTERS may be given. A call may take some entries and refuse others, which boto3 takes
        for a success: the refused are sent again a few times.
        """
        done = 0
        for call in _calls([letter.entry | {"EventBusName": self.name} for letter in letters]):
            taken = self._call(call)
            done += taken
            if taken < len(call):
                break
        return done

    def _call(self, entries: Sequence[Mapping[str, Any]]) -> int:
        waiting = list(range(len(entries)))
        for attempt in range(_TRIES):
            if attempt:
                self.pause(_FIRST_PAUSE_S * 2**attempt)
            answer = self.events.put_events(Entries=[entries[i] for i in waiting])  # type: ignore[misc]
            told = zip(waiting, answer["Entries"], strict=True)
            waiting = [number for number, entry in told if "ErrorCode" in entry]
            if not waiting:
                return len(entries)
        return waiting[0]


@dataclass(frozen=True)
class Outbox:
    """The queue of webhooks: in order for each job."""

    sqs: "SQSClient"
    url: str

    def send(self, letter: Letter) -> None:
        self.sqs.send_message(
            QueueUrl=self.url,
            MessageBody=letter.webhook_body,
            MessageGroupId=letter.change.job_id,
            MessageDeduplicationId=letter.change.event_id,
        )


def _calls(entries: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """No more bytes in one call than it takes."""
    call: list[dict[str, Any]] = []
    for entry in entries:
        size_bytes = sum(len(one["Detail"]) for one in [*call, entry])
        if call and size_bytes > _MOST_CALL_BYTES:
            yield call
            call = []
        call.append(entry)
    if call:
        yield call
