"""An embedded AWS as an object: start it, talk to it with boto3, stop it."""

import contextlib
import fcntl
import http
import http.client
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from local import processes
from local.home import ACCOUNT, DEFAULT_HOME, HOME_MARKER, PROJECT, REGION, Home, engine_environment
from local.runtime import build_runtime

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 40.0
_ANSWER_TIMEOUT_S = 5.0
_of_thread = threading.local()


class EngineFailedError(RuntimeError):
    """The engine ended, or did not answer, before it was ready; says what its log ends with."""


class EngineRunsError(RuntimeError):
    """What was asked for needs the engine to be stopped."""


class EmbeddedAws:
    """One home folder and the engine that runs in it, started by this process or found running."""

    def __init__(self, home: Path = DEFAULT_HOME) -> None:
        self.home = Home(home.resolve())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def note(self) -> dict[str, Any] | None:
        """What local.json says about a running engine; None when none is running."""
        note = self.home.read_note()
        return note if note and processes.is_alive(note["pid"]) and _answers(note) else None

    @property
    def endpoint(self) -> str:
        note = self.home.read_note()
        if note is None:
            raise EngineFailedError(f"No embedded AWS runs in {self.home.path}: start it first.")
        endpoint: str = note["endpoint"]
        return endpoint

    def start(self) -> dict[str, Any]:
        """Start the engine unless it runs already, with what the last one of this home kept.

        Returns local.json's content. Says on stderr if what was kept can't be read.
        """
        build_runtime()
        with self.alone("engine"):
            if note := self.note:
                return note
            # A stale note, or an engine that died without its supervisor.
            processes.kill_all(self.home)
            self.home.remove_note()
            started = self._launch()
            if "warning" in started:
                print(started["warning"], file=sys.stderr)
            return started

    def stop(self) -> bool:
        """End the engine and all it started; it saves first. False if none was running."""
        with self.alone("engine"):
            # A note may outlive its engine, and its process ids may be others' by now.
            if note := self.note:
                processes.kill(note["supervisor_pid"], signal.SIGTERM)
                processes.wait_gone(note["supervisor_pid"], _STOP_TIMEOUT_S)
            processes.kill_all(self.home)
            self.home.remove_note()
            return note is not None

    def forget(self) -> None:
        """Remove what a stopped engine kept: the next one starts empty."""
        with self.alone("engine"):
            if self.note:
                raise EngineRunsError(f"The embedded AWS runs in {self.home.path}: stop it first.")
            self.home.forget()

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        return _session().client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",  # noqa: S106 - the engine checks none
            config=Config(retries={"total_max_attempts": 2, "mode": "standard"}, proxies={}),
        )

    def _launch(self) -> dict[str, Any]:
        ready, ready_write = os.pipe()
        if self.home.log_path.exists():
            self.home.log_path.replace(self.home.log_path.with_suffix(".log.1"))
        with self.home.log_path.open("wb") as log, os.fdopen(ready, "rb") as ready_file:
            try:
                subprocess.run(
                    [sys.executable, "-m", "local.engine", str(self.home.path), str(ready_write)],
                    cwd=PROJECT,
                    env=engine_environment() | {HOME_MARKER: str(self.home.path)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[ready_write],
                    start_new_session=True,
                    check=True,
                )
            finally:
                os.close(ready_write)
            # The engine says one word when it serves; the pipe just closes if it ends before.
            in_time, _, _ = select.select([ready_file], [], [], _START_TIMEOUT_S)
            is_ready = bool(in_time and ready_file.readline())
        note = self.home.read_note()
        if not is_ready or note is None:
            processes.kill_all(self.home)
            raise EngineFailedError(f"The embedded AWS did not start: {self._log_end()}")
        return note

    def _log_end(self) -> str:
        lines = self.home.log_path.read_text("utf-8", errors="replace").splitlines()
        return f"{lines[-1] if lines else 'no word'} (see {self.home.log_path})"

    @contextlib.contextmanager
    def alone(self, doing: str) -> Iterator[None]:
        """No two commands start, stop or deploy into one home at the same time."""
        self.home.path.mkdir(parents=True, exist_ok=True)
        with (self.home.path / f"{doing}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _session() -> boto3.session.Session:
    """One for each thread: it reads botocore's descriptions of services once, and is not to be
    shared."""
    if not hasattr(_of_thread, "session"):
        _of_thread.session = boto3.session.Session()
    session: boto3.session.Session = _of_thread.session
    return session


def _answers(note: dict[str, Any]) -> bool:
    host, _, port = note["endpoint"].removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=_ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
