"""A real TLS server on loopback that plays a stranger's."""

import contextlib
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trustme

from functions.plan_render.source.fetch import Allowance, Located, locate
from functions.shared.media_store import MediaStore
from functions.shared.web import Web

BODY = bytes(range(256)) * 4096
ALLOWANCE = Allowance(size_bytes=10_000_000, duration_s=60, timeout_s=30)
Site = dict[str, tuple[int, dict[str, str], bytes] | Callable[[Any], None]]
"""Path → (status, headers, body), or what answers by itself."""


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def site() -> Site:
    return {"/a.mp4": (200, {}, BODY)}


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def port(authority: trustme.CA, site: Site, asked: list[str]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            found = site.get(self.path, (404, {}, b""))
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # a client may hang up
                if callable(found):
                    found(self)
                else:
                    self.answer(*found)

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            span = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
            if status == 200 and span:
                status, body = 206, body[int(span[1]) : int(span[2]) + 1]
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            if int(headers.get("content-length", len(body))) > len(body):
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("media.test").configure_cert(context)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def web(authority: trustme.CA) -> Web:
    """`media.test` is loopback, and loopback counts as public; everything else as it is."""
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return Web(resolve=lambda _host, _port: ["127.0.0.1"], is_public=lambda _: True, tls=trusting)


@pytest.fixture
def fetch(store: MediaStore, web: Web, port: int) -> Callable[[str], Located]:
    return lambda path: locate(f"https://media.test:{port}{path}", "a", store, web, ALLOWANCE)
