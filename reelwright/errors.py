"""What can go wrong for a caller. A message is one sentence; `next_step` is what to do about it."""

from collections.abc import Mapping
from typing import Any


class ReelwrightClientError(Exception):
    """Base of all that the client raises; never raised itself."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


class UnreachableError(ReelwrightClientError):
    """No answer came, or none but server faults, after all tries."""


class BusyError(UnreachableError):
    """Whoever answers has no room, or a fault that may pass, after all tries."""


class NotAuthorisedError(ReelwrightClientError):
    """Nobody is signed in, or whoever is may not do this."""


class NotFoundError(ReelwrightClientError):
    """There is no such job, stack or file for this caller."""


class RefusedError(ReelwrightClientError):
    """The request was understood and refused. `problem` is the API's problem document."""

    def __init__(
        self, message: str, next_step: str = "", problem: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message, next_step)
        self.problem = problem or {}


class InvalidRequestError(RefusedError):
    """The request can never be accepted as it is."""


class ConflictError(RefusedError):
    """The job's state, or an earlier request under the same key, stands against it."""


class TransferError(ReelwrightClientError):
    """A file could not be sent, fetched or written."""


class JobTimeoutError(ReelwrightClientError):
    """The job has not ended in the time the caller gave it; it goes on."""
