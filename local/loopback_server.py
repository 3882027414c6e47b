"""An HTTP server on loopback, in a thread of this process."""

import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class LoopbackServer:
    """Serves on a free port while it is entered, each connection in a thread of its own."""

    def __init__(
        self, handler: Callable[..., BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None
    ) -> None:
        """`tls`: with the certificate to show, where it is to be https."""
        self._server = _Server(("127.0.0.1", 0), handler)
        if tls:
            # The handshake is left to the connection's thread: a client can hold it up.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_port


class _Server(ThreadingHTTPServer):
    def handle_error(self, *connection: Any) -> None:
        """Quiet about clients that hang up."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(*connection)
