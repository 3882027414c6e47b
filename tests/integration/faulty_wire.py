"""The wire between functions and the embedded AWS, with the faults that networks and services have.

A function that is put behind it (`changes.behind`) sends every S3, DynamoDB and Step Functions
request through here. All are passed on, but for those a test names.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from local.loopback_server import LoopbackServer

MOST_HELD_S = 60.0
"""No call is held for longer, so that a test that fails does not leave a function behind."""
_OF_ONE_HOP = {"connection", "content-length", "date", "expect", "keep-alive", "transfer-encoding"}
_WITHOUT_BODY = {204, 304}


@dataclass(frozen=True)
class Reply:
    """What AWS answered, or seems to have."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Call(BaseHTTPRequestHandler):
    """Requests of one connection, one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, wire: "FaultyWire", *connection: Any) -> None:
        self.wire = wire
        self._reply: Reply | None = None
        super().__init__(*connection)

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def meet(self) -> None:
        self._reply = None
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self.wire.outcome(self)(self)
        except OSError:
            self.drop()  # the function is gone

    # http.server looks for these names.
    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = meet  # noqa: N815

    @property
    def is_s3(self) -> bool:
        return "X-Amz-Target" not in self.headers

    @property
    def name(self) -> str:
        """An operation, as `TransactWriteItems`; for S3 the http method."""
        target: str = self.headers.get("X-Amz-Target", self.command)
        return target.rpartition(".")[2]

    @property
    def text(self) -> str:
        """What names what it is about: an object's address, or a whole JSON request."""
        return unquote(self.path) if self.is_s3 else self.body.decode()

    def forward(self) -> Reply:
        """Have AWS do it; once, however often this is asked."""
        if self._reply is None:
            self._reply = self.wire.ask_aws(self.command, self.path, dict(self.headers), self.body)
        return self._reply

    def answer(self, reply: Reply, most_bytes: int | None = None) -> None:
        """Send a reply, or the first `most_bytes` of its body."""
        has_body = self.command != "HEAD" and reply.status not in _WITHOUT_BODY
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in _OF_ONE_HOP:
                self.send_header(name, value)
        length = reply.headers.get("content-length") if self.command == "HEAD" else len(reply.body)
        if length is not None and reply.status not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if has_body:
            self.wfile.write(reply.body[:most_bytes])

    def drop(self) -> None:
        """Break the connection."""
        self.close_connection = True


Outcome = Callable[[Call], None]


def passed_on(call: Call) -> None:
    """As if there were no wire."""
    call.answer(call.forward())


def dropped(call: Call) -> None:
    """The connection breaks before AWS hears of it."""
    call.drop()


def lost(call: Call) -> None:
    """AWS does it; the connection breaks before its reply comes through."""
    call.forward()
    call.drop()


def cut_short(call: Call) -> None:
    """The connection breaks in the middle of the reply's body."""
    reply = call.forward()
    call.answer(reply, len(reply.body) // 2)
    call.drop()


def refused(status: int, code: str, *, though_done: bool = False) -> Outcome:
    """AWS answers with an error; it may have done what it was asked all the same."""

    def refuse(call: Call) -> None:
        if though_done:
            call.forward()
        message = "Injected by a test."
        if call.is_s3:
            text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            call.answer(Reply(status, {"content-type": "application/xml"}, text.encode()))
        else:
            body = json.dumps({"__type": code, "message": message}).encode()
            call.answer(Reply(status, {"content-type": "application/x-amz-json-1.0"}, body))

    return refuse


class Held:
    """Holds one call until the test lets it go on. `done`: AWS did it, its reply is what waits."""

    def __init__(self, *, done: bool = False) -> None:
        self._done = done
        self._arrived = threading.Event()
        self._left = threading.Event()
        self._outcome: Outcome = dropped

    def __call__(self, call: Call) -> None:
        if self._done:
            call.forward()
        self._arrived.set()
        self._left.wait(MOST_HELD_S)
        self._outcome(call)

    def is_here(self) -> bool:
        """Whether the call has come."""
        return self._arrived.is_set()

    def go_on(self) -> None:
        self._leave(passed_on)

    def drop(self) -> None:
        self._leave(dropped)

    def _leave(self, outcome: Outcome) -> None:
        if not self._left.is_set():
            self._outcome = outcome
            self._left.set()


@dataclass
class Fault:
    """What becomes of the next `times` calls of a name whose text holds all of `texts`."""

    name: str
    texts: tuple[str, ...]
    outcome: Outcome
    times: int
    met: int = 0

    def is_for(self, call: Call) -> bool:
        return (
            self.met < self.times
            and self.name == call.name
            and all(text in call.text for text in self.texts)
        )


@dataclass
class FaultyWire:
    """Serves on loopback. `endpoint` is AWS's, `url` its own."""

    endpoint: str
    url: str = ""
    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def on(self, name: str, *texts: str, outcome: Outcome, times: int = 1) -> Fault:
        """Have calls end otherwise; of several faults for one call, the first made is met."""
        fault = Fault(name, texts, outcome, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def hold(self, name: str, *texts: str, done: bool = False) -> Held:
        """Hold the next such call."""
        held = Held(done=done)
        self.on(name, *texts, outcome=held)
        return held

    def outcome(self, call: Call) -> Outcome:
        with self._lock:
            for fault in self._faults:
                if fault.is_for(call):
                    fault.met += 1
                    return fault.outcome
        return passed_on

    def ask_aws(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        kept = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_HOP}
        aws = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=MOST_HELD_S)
        try:
            # The name they asked for stays: it is part of what a presigned address signs. A
            # connection that we close the engine would keep for another minute.
            aws.request(method, path, body or None, {**kept, "Connection": "close"})
            answer = aws.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, told, answer.read())
        finally:
            aws.close()

    def let_go(self) -> None:
        """Drop whatever is still held."""
        for fault in self._faults:
            if isinstance(fault.outcome, Held):
                fault.outcome.drop()


@contextmanager
def faulty_wire(endpoint: str) -> Iterator[FaultyWire]:
    wire = FaultyWire(endpoint)
    with LoopbackServer(partial(Call, wire)) as server:
        wire.url = f"http://127.0.0.1:{server.port}"
        try:
            yield wire
        finally:
            wire.let_go()
