"""Ranges of a source over http(s), for looks that a demuxer does not give."""

import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from functions.shared.errors import SourceUnreachable, TransientError

_BLOCK_BYTES = 64 * 1024
_MOST_BLOCKS = 64
_TIMEOUT_S = 20
_ATTEMPTS = 3
_PARTIAL = 206
_OK = 200
_SERVER_ERROR = 500


class RemoteBytes:
    """A `ByteSource` over http range requests, in blocks that are kept. Follows no redirect.

    By the standard library: urllib3 takes longer to import than all its requests here.
    """

    def __init__(self, url: str, size_bytes: int, certificates: str | None) -> None:
        self.url = url
        self.size_bytes = size_bytes
        self.connection = _connection(url, certificates)
        self.blocks: dict[int, bytes] = {}

    def read(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size_bytes)
        numbers = range(offset // _BLOCK_BYTES, -(-end // _BLOCK_BYTES))
        data = b"".join(self._block(number) for number in numbers)
        first = offset - offset // _BLOCK_BYTES * _BLOCK_BYTES
        return data[first : first + max(0, end - offset)]

    def _block(self, number: int) -> bytes:
        if number not in self.blocks:
            if len(self.blocks) >= _MOST_BLOCKS:
                self.blocks.clear()
            self.blocks[number] = self._fetch(number * _BLOCK_BYTES)
        return self.blocks[number]

    def _fetch(self, start: int) -> bytes:
        failed: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                answer = self._asked(start)
                data = answer.read(_BLOCK_BYTES)
            except (OSError, HTTPException) as error:
                # Also a connection that was kept and has been closed at the other end.
                self.connection.close()
                failed = error
                continue
            if not answer.isclosed():
                self.connection.close()  # More than was asked for is on its way.
            if answer.status == _PARTIAL or (answer.status == _OK and start == 0):
                return data
            if answer.status >= _SERVER_ERROR:
                raise TransientError(f"could not be read: its store answered {answer.status}")
            raise SourceUnreachable(f"is refused: its store answered {answer.status}")
        raise TransientError(f"could not be read ({type(failed).__name__})") from failed

    def _asked(self, start: int) -> HTTPResponse:
        parts = urlsplit(self.url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        span = {"Range": f"bytes={start}-{start + _BLOCK_BYTES - 1}"}
        self.connection.request("GET", target, headers=span)
        return self.connection.getresponse()


def _connection(url: str, certificates: str | None) -> HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
    context = ssl.create_default_context(cafile=certificates)
    return HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=context)
