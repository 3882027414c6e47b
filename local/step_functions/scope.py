"""Parts of an execution that can be stopped as a whole: the execution, a branch, a Map's items."""

import contextvars
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Any

NEVER_S = 99_999_999.0
"""What Step Functions takes for a timeout that is not given."""


class StoppedError(Exception):
    """The scope was stopped: unwind without effect. Never a state's error."""


class DeadlinePassedError(Exception):
    """The machine's TimeoutSeconds are over: unwind without effect. Never a state's error."""


class NotInTimeError(Exception):
    """What was waited for did not come in the time given."""


class Scope:
    """All waiting goes through here, so that a stop or a deadline ends it at once."""

    def __init__(self, parent: "Scope | None" = None, timeout_s: float = NEVER_S) -> None:
        deadline = time.monotonic() + timeout_s
        self.deadline: float = min(deadline, parent.deadline) if parent else deadline
        self._lock = threading.Lock()
        self._stopped = False
        self._wakers: set[threading.Event] = set()
        self._children: weakref.WeakSet[Scope] = weakref.WeakSet()
        if parent:
            parent.adopt(self)

    def stop(self) -> None:
        """Nothing new starts in this scope or below it; whoever waits is woken."""
        with self._lock:
            self._stopped = True
            wakers, children = list(self._wakers), list(self._children)
        for waker in wakers:
            waker.set()
        for child in children:
            child.stop()

    def check(self) -> None:
        """Raise if this scope has been stopped or its time is over."""
        if self._stopped:
            raise StoppedError
        if time.monotonic() >= self.deadline:
            raise DeadlinePassedError

    def sleep(self, seconds: float) -> None:
        """Wait, unless stopped."""
        self._wait(threading.Event(), seconds)

    def result(self, future: "Future[Any]", timeout_s: float = NEVER_S) -> Any:
        """The future's result, or its exception, or `NotInTimeError`."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        self._wait(done, timeout_s)
        if not future.done():
            raise NotInTimeError
        return future.result()

    def _wait(self, event: threading.Event, seconds: float) -> None:
        with self._lock:
            self._wakers.add(event)
        try:
            self.check()
            event.wait(max(0.0, min(seconds, self.deadline - time.monotonic())))
            self.check()
        finally:
            with self._lock:
                self._wakers.discard(event)

    def adopt(self, child: "Scope") -> None:
        """Stop the child with this scope; at once if this has been stopped."""
        with self._lock:
            self._children.add(child)
            is_stopped = self._stopped
        if is_stopped:
            child.stop()


def spawn(function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
    """Run in a thread of its own, in the caller's account and region."""
    pool = ThreadPoolExecutor(max_workers=1)
    future = pool.submit(contextvars.copy_context().run, function, *arguments)
    pool.shutdown(wait=False)
    return future


def run_each(count: int, limit: int, scope: Scope, work: Callable[[int, Scope], Any]) -> list[Any]:
    """`work(index, scope)` for each index, at most `limit` at once; the first error stops the rest.

    Returns when all that was started has ended.
    """
    group = Scope(scope)

    def start(index: int) -> Any:
        group.check()
        return work(index, group)

    if count == 0:
        return []
    with ThreadPoolExecutor(max_workers=min(limit, count)) as pool:
        futures = [
            pool.submit(contextvars.copy_context().run, start, index) for index in range(count)
        ]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        errors = [error for future in done if (error := future.exception()) is not None]
        if errors:
            group.stop()
            pool.shutdown(wait=False, cancel_futures=True)
    if errors:
        # What the stop has unwound is no error of its own.
        raise next((e for e in errors if not isinstance(e, StoppedError)), errors[0])
    return [future.result() for future in futures]
