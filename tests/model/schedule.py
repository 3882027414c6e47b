"""Operations that stop before each of their AWS calls, and go on when the history says how."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from threading import Lock, Thread
from typing import Any, Literal

from botocore.exceptions import ClientError

from tests.model.store import Store

How = Literal["made", "lost", "conflict", "crash before", "crash after"]
"""What becomes of a call: made and answered; made, its answer lost, and made again by the SDK;
refused because another transaction is under way; or the caller dies before or after it."""


class Crashed(BaseException):
    """The Lambda running this operation is gone. Nothing in the code under test may catch it."""


class Operation:
    """One invocation of a function, in a thread of its own that runs only when told to."""

    def __init__(self, name: str, ceiling: int, body: Callable[[], Any]) -> None:
        self.name = name
        self.ceiling = ceiling
        """The setting this invocation was started with; a deploy doesn't change it."""
        self.call = "start"
        self.done = False
        self.crashed = False
        self.result: Any = None
        self.error: Exception | None = None
        self.speaks_for: tuple[str, int] | None = None
        """The execution, and how often it had been redriven, whose word this is."""
        self._body = body
        self._how: How = "made"
        self._resume = Lock()
        self._paused = Lock()
        self._resume.acquire()
        self._paused.acquire()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def step(self, how: How) -> None:
        """Let the call it stands before happen, and run on to the next or to the end."""
        self._how = how
        self._resume.release()
        self._paused.acquire()
        if self.done:
            self._thread.join()

    def make(self, call: str, action: Callable[[], Any]) -> Any:
        """In the operation's thread: stop before the call, then do as the history says."""
        while True:
            self.call = call
            self._pause()
            if self._how == "crash before":
                raise Crashed
            if self._how == "conflict":
                raise _conflict()
            if self._how == "made":
                return action()
            with suppress(ClientError):  # its answer is lost, whatever it is
                action()
            if self._how == "crash after":
                raise Crashed

    def _pause(self) -> None:
        self._paused.release()
        self._resume.acquire()

    def _run(self) -> None:
        self._resume.acquire()
        try:
            self.result = self._body()
        except Crashed:
            self.crashed = True
        except Exception as error:  # noqa: BLE001 - reported by whoever waits for the operation
            self.error = error
        self.done = True
        self._paused.release()


class Schedule:
    """Knows which operation runs now; every AWS call of the code under test comes here."""

    def __init__(self) -> None:
        self.now_running: Operation | None = None

    def step(self, operation: Operation, how: How) -> None:
        self.now_running = operation
        operation.step(how)
        self.now_running = None

    def make(self, call: str, action: Callable[[], Any]) -> Any:
        assert self.now_running is not None
        return self.now_running.make(call, action)


class Client:
    """The part of a DynamoDB client that the code under test uses."""

    def __init__(self, store: Store, schedule: Schedule, rows_a_page: int) -> None:
        self._store = store
        self._schedule = schedule
        self._rows_a_page = rows_a_page
        self._tokens = 0

    def get_item(self, **request: Any) -> Any:
        return self._make("GetItem", request)

    def update_item(self, **request: Any) -> Any:
        return self._make("UpdateItem", request)

    def transact_write_items(self, **request: Any) -> Any:
        # As botocore does: a call made again after a lost answer carries the same token.
        self._tokens += 1
        return self._make(
            "TransactWriteItems", {**request, "ClientRequestToken": f"{self._tokens:036}"}
        )

    def get_paginator(self, operation: str) -> "_Scan":
        assert operation == "scan"
        return _Scan(self._make, self._rows_a_page)

    def _make(self, operation: str, request: dict[str, Any]) -> Any:
        return self._schedule.make(operation, lambda: self._store.call(operation, request))


class _Scan:
    """Pages of few rows, so that much can change between them.

    DynamoDB walks lanes in the order of a hash, each lane in order of sequence. A page continues
    after the last key of the one before, whether or not that row is still there.
    """

    def __init__(self, make: Callable[[str, dict[str, Any]], Any], rows_a_page: int) -> None:
        self._make = make
        self._rows_a_page = rows_a_page

    def paginate(self, **request: Any) -> Any:
        after: tuple[bytes, int] = (b"", 0)
        while True:
            answer = self._make("Scan", request)
            left = sorted(
                (place, item) for item in answer["Items"] if (place := _place(item)) > after
            )
            page = left[: self._rows_a_page]
            yield {**answer, "Items": [item for _, item in page]}
            if len(left) <= self._rows_a_page:
                return
            after = page[-1][0]


def _place(item: dict[str, Any]) -> tuple[bytes, int]:
    return sha256(item["lane"]["S"].encode()).digest(), int(item["sequence"]["N"])


def _conflict() -> ClientError:
    error: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": [{"Code": "TransactionConflict"}],
    }
    return ClientError(error, "TransactWriteItems")
