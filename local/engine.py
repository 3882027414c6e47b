"""The process of an embedded AWS: a small supervisor, and below it the engine itself.

`python -m local.engine HOME FD` returns at once; the engine writes HOME/local.json and then a word
to the file descriptor FD once it serves.
"""

import asyncio
import contextlib
import datetime
import importlib
import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from local import processes
from local.home import ACCOUNT, HOME_MARKER, REGION, Home
from local.shims.kept_state.file import last_port

_STOP_GRACE_S = 30.0
"""A stop saves: what was uploaded in the last seconds has to be written."""


def main() -> None:
    """Leave a supervisor behind whose child is the engine."""
    home = Home(Path(sys.argv[1]).resolve())
    ready_fd = int(sys.argv[2])
    os.set_inheritable(ready_fd, False)
    if os.fork():
        return
    processes.adopt_orphans()
    engine_pid = os.fork()
    if engine_pid == 0:
        _run_engine(home, ready_fd)
    os.close(ready_fd)
    _supervise(engine_pid, home)


def _supervise(engine_pid: int, home: Home) -> None:
    """Wait for the engine's end, however it comes, then end all that it started."""

    def pass_on(_signum: int, _frame: FrameType | None) -> None:
        processes.kill(engine_pid, signal.SIGTERM)
        signal.signal(signal.SIGALRM, lambda *_: processes.kill(engine_pid, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, _STOP_GRACE_S)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, pass_on)
    _, status = os.waitpid(engine_pid, 0)
    _kill_adopted()
    note = home.read_note()
    if note and note.get("pid") == engine_pid:
        home.remove_note()
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _kill_adopted() -> None:
    """Kill every process this one has inherited, until it has no child left (Linux)."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while children.exists() and (pids := children.read_text("ascii").split()):
        for pid in pids:
            processes.kill(int(pid), signal.SIGKILL)
        for pid in pids:
            try:
                os.waitpid(int(pid), 0)
            except ChildProcessError:
                continue


def _run_engine(home: Home, ready_fd: int) -> None:
    """Serve until told to stop. Never returns."""
    processes.signal_when_parent_dies(signal.SIGTERM)
    listener = _listen(last_port(home))
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _set_environment(home, endpoint)
    # Only now: the engine and its services read their settings when they are imported.
    serving = importlib.import_module("local.serving")
    note = {
        "endpoint": endpoint,
        "pid": os.getpid(),
        "supervisor_pid": os.getppid(),
        "region": REGION,
        "account": ACCOUNT,
        "started_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }

    def on_ready(word: str | None) -> None:
        home.write_note(note if word is None else {**note, "warning": word})
        os.write(ready_fd, b"ready\n")
        os.close(ready_fd)

    asyncio.run(serving.serve(home, listener, endpoint, on_ready))


def _listen(wanted: int | None) -> socket.socket:
    """On the port the last engine of this home had: URLs with it are in stacks and in rows.

    Where it is taken, on one that is as long, because it replaces the last one there.
    """
    if wanted is not None:
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", wanted))
    tried = [socket.create_server(("127.0.0.1", 0))]
    while wanted is not None and len(str(tried[-1].getsockname()[1])) != len(str(wanted)):
        tried.append(socket.create_server(("127.0.0.1", 0)))
    for listener in tried[:-1]:
        listener.close()
    return tried[-1]


def _set_environment(home: Home, endpoint: str) -> None:
    """The engine's settings, and nothing of the user's own AWS account."""
    shutil.rmtree(home.tmp_path, ignore_errors=True)
    for folder in (home.tmp_path, home.code_path, home.state_path):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AUTH": "true",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": "unix:///nonexistent",
        "GATEWAY_PORT": endpoint.rpartition(":")[2],
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": os.environ.get("LAMBDA_ACCOUNT_CONCURRENCY", "1000"),
        "LAMBDA_WARM_TTL_SECONDS": "300",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_WORKER_THREADS": "128",
        "REELWRIGHT_ENDPOINT": endpoint,
        "S3_DATA_DIR": str(home.state_path / "s3"),
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(home.state_path),
        "TMPDIR": str(home.tmp_path),
        HOME_MARKER: str(home.path),
    }


if __name__ == "__main__":
    main()
