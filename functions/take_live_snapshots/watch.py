"""How far watching a stream is. It passes through the state machine, which waits between calls.

Times are seconds since the epoch.
"""

from typing import Self

from functions.shared.frozen import Frozen


class Trouble(Frozen):
    """The last thing that kept a picture from being taken."""

    name: str
    """Of an error's class."""
    said: str

    @classmethod
    def of(cls, error: Exception) -> Self:
        return cls(name=type(error).__name__, said=str(error))


class Watch(Frozen):
    """Where a call goes on."""

    looking_since_s: float
    started_s: float | None = None
    """When the stream was found up: the moments count from here."""
    next_index: int = 0
    """Of the moments."""
    missed: tuple[int, ...] = ()
    """Moments before that one that have no picture."""
    silent_since_s: float | None = None
    """Since when no picture could be taken, where the last one could not."""
    trouble: Trouble | None = None

    @property
    def taken(self) -> tuple[int, ...]:
        return tuple(sorted({*range(self.next_index)} - {*self.missed}))


class Answer(Frozen):
    """What the state machine goes by."""

    watch: Watch
    over: bool
    again_at: str | None
    """When to call again, in whole seconds; None once it is over."""
