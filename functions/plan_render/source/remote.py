"""Ranges of a source over http(s), for looks that a demuxer does not give."""

import urllib3

from functions.shared.errors import SourceUnreachable, TransientError

_BLOCK_BYTES = 64 * 1024
_MOST_BLOCKS = 64
_PARTIAL = 206
_OK = 200
_SERVER_ERROR = 500


class RemoteBytes:
    """A `ByteSource` over http range requests, in blocks that are kept. Follows no redirect."""

    def __init__(self, url: str, size_bytes: int, certificates: str | None) -> None:
        self.url = url
        self.size_bytes = size_bytes
        self.pool = urllib3.PoolManager(
            ca_certs=certificates, timeout=urllib3.Timeout(connect=5, read=20)
        )
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
        span = {"Range": f"bytes={start}-{start + _BLOCK_BYTES - 1}"}
        try:
            answer = self.pool.request(
                "GET", self.url, headers=span, redirect=False, preload_content=False
            )
            data = answer.read(_BLOCK_BYTES)
            answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"could not be read ({type(error).__name__})") from error
        if answer.status == _PARTIAL or (answer.status == _OK and start == 0):
            return data
        if answer.status >= _SERVER_ERROR:
            raise TransientError(f"could not be read: its store answered {answer.status}")
        raise SourceUnreachable(f"is refused: its store answered {answer.status}")
