"""A receiver on loopback, over real TLS, that answers what a test wants."""

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import pytest
import trustme

from functions.shared.web import Web
from local.loopback_server import LoopbackServer

NAME = "hooks.test"


@dataclass
class Request:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with the statuses and headers in `answers`, then with 204."""

    port: int = 0
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/hook"


Speak = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def speaking(authority: trustme.CA) -> Iterator[Callable[[Speak], int]]:
    """Start a server whose every POST is answered by the function given; returns its port."""

    def start(speak: Speak) -> int:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                with contextlib.suppress(ConnectionError, ssl.SSLError):  # a client may hang up
                    speak(self)

            def log_message(self, *_: object) -> None:
                pass

        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(NAME).configure_cert(tls)
        return running.enter_context(LoopbackServer(Handler, tls)).port

    with contextlib.ExitStack() as running:
        yield start


@pytest.fixture
def receiver(speaking: Callable[[Speak], int]) -> Receiver:
    here = Receiver()

    def speak(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        here.requests.append(Request(request.path, dict(request.headers), body))
        status, headers = here.answers.pop(0) if here.answers else (204, {})
        request.send_response(status)
        for name, value in {"content-length": "0", **headers}.items():
            request.send_header(name, value)
        request.end_headers()

    here.port = speaking(speak)
    return here


@pytest.fixture
def web(authority: trustme.CA) -> Web:
    """Every name is loopback, and loopback counts as public."""
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return Web(resolve=lambda _host, _port: ["127.0.0.1"], is_public=lambda _: True, tls=trusting)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began
