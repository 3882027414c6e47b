"""Child processes that read hostile media: no secrets, no input, and an end that always comes."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

KEPT_BYTES = 64 * 1024
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH")
_POLL_S = 0.1
_READ_BYTES = 16 * 1024
_PR_SET_PDEATHSIG = 1
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL}
"""Return codes of a child that its own fault ended; any other signal came from outside."""


@dataclass(frozen=True)
class Ended:
    """How a child ended. `returncode` is negative where a signal ended it."""

    returncode: int
    stdout: bytes
    stderr: str
    """The last 64 KiB: media libraries can print without end."""
    stopped: Literal["timeout", "stall"] | None
    """Set where we ended it."""


def clean_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What a child may know: where programs are and one folder to write in; no AWS_ variable."""
    kept = {name: environ[name] for name in _KEPT_VARIABLES if name in environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"}


def run_module(
    module: str,
    arguments: Iterable[str],
    *,
    folder: Path,
    timeout_s: float,
    stall_s: float | None = None,
    stdout_bytes: int = KEPT_BYTES,
) -> Ended:
    """`run` one of our own modules, which reads bytes from strangers with a C library. All it may
    write to is `folder`."""
    environ = clean_environment(os.environ, folder)
    # Lambda puts code and layers on sys.path, not into the environment.
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return run(
        [sys.executable, "-B", "-m", module, *arguments],
        environ=environ,
        timeout_s=timeout_s,
        stall_s=stall_s,
        stdout_bytes=stdout_bytes,
    )


def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    timeout_s: float,
    stall_s: float | None = None,
    stdout_bytes: int = KEPT_BYTES,
    feed: Iterable[bytes] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Ended:
    """Run a child to its end, or end it: after `timeout_s`, or when it stalls.

    A child that uses less than 1 % of a CPU over `stall_s` waits for something that will not
    come. It is ended by SIGKILL with its whole group, because ffmpeg waiting on a stream ignores
    SIGTERM; and it never outlives this process.

    `feed` is written to the child's input from a thread of its own; what it raises is raised here.
    """
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ),
        start_new_session=True,
        # Safe beside threads: it takes no lock and allocates nothing.
        preexec_fn=_die_with_parent,  # noqa: PLW1509
    ) as child:
        try:
            writer = _Feeder(child.stdin, feed) if feed is not None else None
            out = _Tail(child.stdout, stdout_bytes)
            err = _Tail(child.stderr, KEPT_BYTES)
            stopped = _wait(child, clock() + timeout_s, stall_s, clock)
        finally:
            _kill_group(child)
        if writer is not None:
            writer.join()
        return Ended(child.wait(), out.read(), err.read().decode("utf-8", "replace"), stopped)


class _Feeder:
    """Writes pieces to a pipe on its own thread until they or the reader end."""

    def __init__(self, pipe: IO[bytes] | None, pieces: Iterable[bytes]) -> None:
        self.pipe, self.pieces = pipe, pieces
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self) -> None:
        try:
            with contextlib.suppress(BrokenPipeError), contextlib.closing(_open(self.pipe)) as pipe:
                for piece in self.pieces:
                    pipe.write(piece)
        except BaseException as error:  # noqa: BLE001 - raised again by join, where it belongs
            self.error = error

    def join(self) -> None:
        self.thread.join()
        if self.error is not None:
            raise self.error


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("a child that is fed has a pipe as its input")
    return pipe


class _Tail:
    """Reads a pipe on its own thread, so that it never blocks, and keeps the end of it."""

    def __init__(self, pipe: IO[bytes] | None, most_bytes: int) -> None:
        self.descriptor = pipe.fileno() if pipe else -1
        self.most_bytes = most_bytes
        self.kept = bytearray()
        self.thread = threading.Thread(target=self._drain, daemon=True)
        self.thread.start()

    def _drain(self) -> None:
        while piece := os.read(self.descriptor, _READ_BYTES):
            self.kept += piece
            del self.kept[: -self.most_bytes]

    def read(self) -> bytes:
        self.thread.join()
        return bytes(self.kept)


def _wait(
    child: subprocess.Popen[bytes],
    deadline: float,
    stall_s: float | None,
    clock: Callable[[], float],
) -> Literal["timeout", "stall"] | None:
    seen_s, seen_at = 0.0, clock()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_POLL_S)
            return None
        now = clock()
        if now >= deadline:
            return "timeout"
        if stall_s is not None and now - seen_at >= stall_s:
            used_s = _cpu_s(child.pid)
            if used_s is not None and used_s - seen_s < 0.01 * stall_s:
                return "stall"
            seen_s, seen_at = used_s or 0.0, now


def _cpu_s(pid: int) -> float | None:
    """CPU time a process used so far; None where the system does not tell (not Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    """End the child's whole group, also what it started and left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _load_libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


_LIBC = _load_libc()


def _die_with_parent() -> None:
    """In the child, before exec: a worker that is killed takes its ffmpeg with it (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
