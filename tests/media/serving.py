"""An object store's http side on loopback, with the faults that networks have."""

import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass
class Faults:
    """What the server does wrong, for tests of lost connections."""

    status: int | None = None
    cut_after_bytes: int | None = None
    """Every answer ends after so many bytes."""
    dead_from_byte: int | None = None
    """No byte of an object from there on is ever sent."""
    redirect_to: str = ""
    paths: list[str] = field(default_factory=list)
    """Asked for so far."""

    def most_bytes(self, first: int, length: int) -> int:
        """How much of an answer that begins at byte `first` is sent."""
        if self.dead_from_byte is not None:
            return max(0, self.dead_from_byte - first)
        return length if self.cut_after_bytes is None else self.cut_after_bytes


class Handler(BaseHTTPRequestHandler):
    """Answers as an object store answers presigned addresses: with ranges."""

    protocol_version = "HTTP/1.1"
    folder: Path
    faults: Faults

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.faults.paths.append(self.path)
        path = self.folder / unquote(urlsplit(self.path).path[1:])
        if self.faults.redirect_to and "elsewhere" not in self.path:
            self._answer(HTTPStatus.FOUND, b"", {"Location": self.faults.redirect_to})
        elif self.faults.status is not None or not path.is_file():
            self._answer(self.faults.status or HTTPStatus.NOT_FOUND, b"")
        else:
            self._serve(path.read_bytes())

    def _serve(self, data: bytes) -> None:
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._answer(HTTPStatus.OK, data)
            return
        start, end = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1) + 1
        if start >= len(data):
            self._answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"")
            return
        span = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"}
        self._answer(HTTPStatus.PARTIAL_CONTENT, data[start:end], span, start)

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] = MappingProxyType({}),
        first: int = 0,
    ) -> None:
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        sent = body[: self.faults.most_bytes(first, len(body))]
        try:
            self.wfile.write(sent)
        except OSError:
            self.close_connection = True
        if len(sent) < len(body):
            self.close_connection = True


class Server(ThreadingHTTPServer):
    """A loopback server that is silent about readers that hang up."""

    def handle_error(self, *_: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*_)


@contextmanager
def serve(folder: Path, faults: Faults | None = None) -> Iterator[str]:
    """Serve a folder's buckets at the address given back."""
    shape = {"folder": folder, "faults": faults or Faults()}
    server = Server(("127.0.0.1", 0), type("FolderHandler", (Handler,), shape))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
