"""Finding and ending the processes of one embedded AWS, and no others."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from local.home import HOME_MARKER, Home

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_POLL_S = 0.02


def adopt_orphans() -> None:
    """Make this process the new parent of every descendant that loses its own (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def signal_when_parent_dies(signum: int) -> None:
    """Have the kernel send this process a signal when its parent is gone (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)


def is_alive(pid: int) -> bool:
    """Whether a process of this id runs; one that has ended but was not collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return not Path("/proc/self").exists()
    return state != "Z"


def of_home(home: Home) -> list[int]:
    """Ids of all processes that carry this home's marker, but this one (Linux; else none)."""
    marker = f"{HOME_MARKER}={home.path.resolve()}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if marker in environment and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def kill_all(home: Home, grace_s: float = 2.0) -> None:
    """End whatever still carries this home's marker; returns once it is gone, or after `grace_s`.

    What is left then is in a call of the kernel that can't be broken off, and ends after it.
    """
    deadline = time.monotonic() + grace_s
    while (pids := of_home(home)) and time.monotonic() < deadline:
        for pid in pids:
            kill(pid, signal.SIGKILL)
        time.sleep(_POLL_S)


def kill(pid: int, signum: int) -> None:
    """Signal a process that may have ended already."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return


def wait_gone(pid: int, timeout_s: float) -> bool:
    """Wait until a process has ended; False if it has not in time."""
    deadline = time.monotonic() + timeout_s
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
