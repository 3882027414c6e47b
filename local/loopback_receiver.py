"""A receiver of webhooks on loopback, over TLS with a certificate of its own authority.

Nothing in the product delivers there: loopback is no public address, and nobody trusts the
authority. `source()` is a stand-in for deliver_webhook (local/stand_ins.py) that does.
"""

import contextlib
import ssl
import time
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

import trustme

from local.loopback_server import LoopbackServer

_NAME = "hooks.test"
_SOURCE = """
import ssl
from functions.deliver_webhook import handler, schedule
from functions.shared.web import Web

TLS = ssl.create_default_context(cadata={authority!r})
WEB = Web(resolve=lambda *_: ["127.0.0.1"], is_public=lambda _: True, tls=TLS)
handler._web = lambda: WEB
schedule.DELAYS_S = ({delay_s},) * len(schedule.DELAYS_S)
handle = handler.handle
"""


@dataclass(frozen=True)
class Received:
    """A webhook as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """Seconds since the epoch."""

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]


class LoopbackReceiver(LoopbackServer):
    """Answers a path with the statuses in `answers`, one after another, and then with 204."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[int]] = defaultdict(list)
        self.received: list[Received] = []
        """In order of their coming."""
        self._authority = trustme.CA()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(_NAME).configure_cert(tls)
        super().__init__(type("Handler", (_Handler,), {"receiver": self}), tls)

    def url(self, path: str) -> str:
        return f"https://{_NAME}:{self.port}{path}"

    def source(self, delay_s: int) -> str:
        """A deliver_webhook that finds this receiver, and tries again after `delay_s`."""
        authority = self._authority.cert_pem.bytes().decode()
        return _SOURCE.format(authority=authority, delay_s=delay_s)


class _Handler(BaseHTTPRequestHandler):
    receiver: LoopbackReceiver

    def do_POST(self) -> None:
        at = time.time()
        body = self.rfile.read(int(self.headers["content-length"]))
        self.receiver.received.append(Received(self.path, dict(self.headers), body, at))
        waiting = self.receiver.answers[self.path]
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.send_response(waiting.pop(0) if waiting else 204)
            self.send_header("content-length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""
