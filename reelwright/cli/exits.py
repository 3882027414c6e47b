"""Exit codes. Scripts rely on them: they are listed in docs/cli.md and never change meaning."""

from enum import IntEnum

from reelwright.errors import (
    ConflictError,
    JobTimeoutError,
    NotAuthorisedError,
    NotFoundError,
    ReelwrightClientError,
    RefusedError,
    TransferError,
    UnreachableError,
)


class Exit(IntEnum):
    """Why the command line ended."""

    DONE = 0
    JOB_FAILED = 1
    """The job ended as FAILED or REJECTED."""
    UNFIT = 1
    """`doctor`: this configuration can't work."""
    USAGE = 2
    """Wrong arguments, or a request that no stack would accept."""
    NO_ACCESS = 3
    """The stack can't be reached, or the caller may not do this."""
    NOT_FOUND = 4
    """No such job, stack or file."""
    JOB_CANCELLED = 5
    REFUSED = 6
    """The job's state, or an earlier request, stands against it."""
    TRANSFER = 7
    """A file could not be sent, fetched or written."""
    BUG = 70
    STOPPED = 130
    """By Ctrl-C. A job that was sent goes on."""
    PIPE_CLOSED = 141
    """Whoever read the output stopped reading."""


_EXITS: dict[type[ReelwrightClientError], Exit] = {
    ConflictError: Exit.REFUSED,
    JobTimeoutError: Exit.REFUSED,
    NotAuthorisedError: Exit.NO_ACCESS,
    NotFoundError: Exit.NOT_FOUND,
    RefusedError: Exit.USAGE,
    TransferError: Exit.TRANSFER,
    UnreachableError: Exit.NO_ACCESS,
}
ENDS = {
    "COMPLETE": Exit.DONE,
    "FAILED": Exit.JOB_FAILED,
    "REJECTED": Exit.JOB_FAILED,
    "CANCELLED": Exit.JOB_CANCELLED,
}
"""By the status a job ended with."""


def exit_of(error: ReelwrightClientError) -> Exit:
    """By the nearest class that is listed."""
    return next(_EXITS[kind] for kind in type(error).__mro__ if kind in _EXITS)
