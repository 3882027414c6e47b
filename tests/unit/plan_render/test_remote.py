"""Ranges of a source, from a store that does not always answer as it should."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from functions.plan_render.source.remote import RemoteBytes
from functions.shared.errors import SourceUnreachable, TransientError

DATA = bytes(range(256)) * 1024
BLOCK = 64 * 1024


@contextmanager
def store(*, ranges: bool = True, hang_up_after: int = 1 << 30) -> Iterator[RemoteBytes]:
    """Serves DATA. A connection is closed, without a word, after so many answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        answers = 0

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            first, last = self.headers["Range"].removeprefix("bytes=").split("-")
            body = DATA[int(first) : int(last) + 1] if ranges else DATA
            self.send_response(206 if ranges else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.answers += 1
            self.close_connection = self.answers >= hang_up_after

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        remote = RemoteBytes(f"http://127.0.0.1:{server.server_port}/a?b=c", len(DATA), None)
        try:
            yield remote
        finally:
            remote.connection.close()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("hang_up_after", [1, 2, 1 << 30])
def test_any_span_is_read_whatever_becomes_of_the_connection(hang_up_after: int) -> None:
    with store(hang_up_after=hang_up_after) as remote:
        assert remote.read(BLOCK - 3, 6) == DATA[BLOCK - 3 : BLOCK + 3]
        assert remote.read(0, len(DATA) + 9) == DATA
        assert remote.read(len(DATA) - 2, 9) == DATA[-2:]


def test_a_store_without_ranges_gives_its_beginning_only() -> None:
    with store(ranges=False) as remote:
        assert remote.read(5, 10) == DATA[5:15]
        with pytest.raises(SourceUnreachable, match="its store answered 200"):
            remote.read(BLOCK, 1)
        assert remote.read(0, 3) == DATA[:3]


def test_nobody_there_is_transient() -> None:
    with store() as remote:
        pass
    with pytest.raises(TransientError, match=r"^could not be read \(ConnectionRefusedError\)$"):
        remote.read(0, 1)
