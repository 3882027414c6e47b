"""All that is known of a run once it is over: what the checks and the figures are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.load.messages import Message

Row = Mapping[str, Any]
"""A row of the jobs table."""


@dataclass(frozen=True)
class Sent:
    """A message the queue has accepted."""

    message: Message
    message_id: str
    sequence: int
    """The queue's own number: within a message group, the order it was accepted in."""

    @property
    def job_id(self) -> str:
        return self.message.job_id or self.message_id


@dataclass(frozen=True)
class Sample:
    """The tables as they were read at one moment. `granted_turns`: job ids."""

    at: datetime
    count: int
    """What the row `#granted` said."""
    granted_turns: frozenset[str]
    running: frozenset[str]


@dataclass(frozen=True)
class Trace:
    """One execution, from its history."""

    arn: str
    job_id: str | None
    """The one its input names."""
    transitions: int
    """States entered, and each retry; its chunks' own executions are counted with it."""
    waiting_at: datetime | None
    """When it entered Wait For Turn."""
    woken_at: datetime | None
    """When it entered the state after it."""
    asking_s: float | None
    """How long the function took that asked for the turn."""


@dataclass(frozen=True)
class Left:
    """What is still there when all is over."""

    queued: int
    dead_letters: int
    turns: tuple[str, ...]
    """Job ids of turn rows."""
    granted: int


@dataclass(frozen=True)
class Evidence:
    """One run."""

    ceiling: int
    sent: Sequence[Sent]
    rows: Mapping[str, Row]
    """By job id; an id that never got a row is not in it."""
    results: Mapping[str, Any]
    """result.json of each COMPLETE job."""
    published: Mapping[str, Sequence[str]]
    """Keys under out/, each as often as there are versions of it."""
    traces: Sequence[Trace]
    samples: Sequence[Sample]
    left: Left


def moment(stamped: str) -> datetime:
    """A stamp of a row."""
    return datetime.fromisoformat(stamped)
