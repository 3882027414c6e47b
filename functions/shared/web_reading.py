"""Reading what is at a stranger's https addresses, until a moment that always comes.

Each address is checked and pinned (`web`), and redirects are followed by hand, each by the rules of
the first. The timeouts of HTTP clients are between bytes; so that a server that sends a byte now
and then can't hold a function, all connections are shut when the time is up.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from functions.shared.errors import (
    RenderTimedOut,
    SourceNotAllowed,
    SourceTooLarge,
    SourceUnreachable,
    TransientError,
)
from functions.shared.hls import Piece
from functions.shared.web import (
    AddressMalformed,
    AddressNotAllowed,
    HostUnknown,
    Place,
    Web,
    bare,
)

_MOST_REDIRECTS = 5
_TIMEOUT = urllib3.Timeout(connect=10, read=30)
_REDIRECTS = {301, 302, 303, 307, 308}
_TRY_AGAIN = {408, 425, 429}
_SERVER_ERROR = 500
_OK = 200
_PARTIAL = 206
_PIECE_BYTES = 1 << 20
_KEPT_HOSTS = 8


class _WatchedConnection(HTTPSConnection):
    """Lets a reader shut its socket from another thread, even while TLS is being agreed on."""

    def __init__(self, *args: Any, watch: Callable[[socket.socket], None], **more: Any) -> None:
        super().__init__(*args, **more)
        self._watch = watch

    def _new_conn(self) -> socket.socket:
        found = super()._new_conn()
        self._watch(found)
        return found


class _WatchedPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _WatchedConnection


class Answer:
    """A body that is being read, and the address it came from after redirects."""

    def __init__(self, reader: "Reader", body: urllib3.BaseHTTPResponse, url: str) -> None:
        self.reader = reader
        self.body = body
        self.url = url
        self._ahead = b""

    @property
    def promised_bytes(self) -> int | None:
        """What the header says; not to be relied on."""
        said = self.body.headers.get("content-length", "")
        return int(said) if said.isdecimal() else None

    def peek(self, size: int) -> bytes:
        """The first bytes, which `read` gives again."""
        self._ahead = self._ahead or self.read(size)
        return self._ahead

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end. Raises TransientError or RenderTimedOut."""
        if self._ahead:
            given, self._ahead = self._ahead[:size], self._ahead[size:]
            return given
        return self._read(self.body.read, size)

    def read_some(self, size: int) -> bytes:
        """What there is, as soon as there is something; else as `read`."""
        if self._ahead:
            return self.read(size)
        return self._read(self.body.read1, size)

    def _read(self, read: Callable[[int], bytes], size: int) -> bytes:
        broke_off = TransientError(f"Reading {bare(self.url)} broke off.")
        try:
            data = read(size)
        except HTTPError as error:
            raise self.reader.late_or(broke_off) from error
        if self.reader.expired:  # a body that ends with its connection ends well when that is shut
            raise self.reader.late_or(broke_off)
        return data

    def close(self) -> None:
        self.body.close()


class Reader:
    """Reads https addresses for `timeout_s` seconds from `with` on."""

    def __init__(self, web: Web, timeout_s: float) -> None:
        self.web = web
        self.timeout_s = timeout_s
        self.expired = False
        self._pools: dict[Place, _WatchedPool] = {}
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(timeout_s, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        self._forget_pools()

    def open(self, piece: Piece) -> Answer:
        """The body of a piece, unread.

        Raises SourceNotAllowed, SourceUnreachable, TransientError or RenderTimedOut.
        """
        url = piece.url
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._get(url, piece)
            if answer.status not in _REDIRECTS:
                return self._accept(answer, url, piece)
            answer.close()
            url = _follow(url, answer.headers.get("location", ""))
        raise SourceUnreachable(
            f"The source redirects more than {_MOST_REDIRECTS} times, lastly to {bare(url)}."
        )

    def stream(self, piece: Piece, most_bytes: int) -> Iterator[bytes]:
        """A piece's bytes as they come. SourceTooLarge beyond `most_bytes`; errors of `open`."""
        answer = self.open(piece)
        try:
            yield from pour(answer, piece, most_bytes)
        finally:
            answer.close()

    def late_or(self, error: TransientError) -> TransientError | RenderTimedOut:
        """What an error is called: cut off by us, or its own name."""
        if not self.expired:
            return error
        return RenderTimedOut(
            f"{str(error).rstrip('.')}: its server is too slow for the {self.timeout_s:.0f} s that"
            " there are for bringing in a source; upload it instead."
        )

    def _get(self, url: str, piece: Piece) -> urllib3.BaseHTTPResponse:
        place = self._locate(url)
        headers = {
            "host": place.authority,
            "accept-encoding": "identity",
            "user-agent": "reelwright",
        }
        if piece.length is not None:
            headers["range"] = f"bytes={piece.start}-{piece.start + piece.length - 1}"
        try:
            return self._pool(place).urlopen(
                "GET",
                place.target,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=_TIMEOUT,
            )
        except SSLError as error:
            if self.expired:
                raise self.late_or(TransientError(f"{bare(url)} does not answer.")) from error
            raise SourceUnreachable(
                f"The TLS certificate of {place.host} is not one this stack trusts ({error})."
            ) from error
        except (NewConnectionError, ConnectTimeoutError, ReadTimeoutError) as error:
            raise self.late_or(TransientError(f"{bare(url)} does not answer.")) from error
        except HTTPError as error:
            failed = TransientError(f"Reading {bare(url)} failed: {error}.")
            raise self.late_or(failed) from error

    def _locate(self, url: str) -> Place:
        try:
            return self.web.locate(url)
        except AddressNotAllowed as error:
            raise SourceNotAllowed(str(error)) from error
        except (AddressMalformed, HostUnknown) as error:
            raise SourceUnreachable(str(error)) from error

    def _pool(self, place: Place) -> _WatchedPool:
        """One connection is kept for each of a few hosts; its address was checked anew."""
        same = Place(place.address, place.host, place.port, target="")
        if same not in self._pools:
            if len(self._pools) >= _KEPT_HOSTS:
                self._forget_pools()
            self._pools[same] = _WatchedPool(
                place.address,
                place.port,
                ssl_context=self.web.tls,
                server_hostname=place.host,
                assert_hostname=place.host,
                watch=self._watch,
            )
        return self._pools[same]

    def _forget_pools(self) -> None:
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        for each in self._sockets:
            each.close()
        self._sockets.clear()

    def _watch(self, found: socket.socket) -> None:
        self._sockets.append(found.dup())
        if self.expired:  # while this one was being connected
            self._expire()

    def _expire(self) -> None:
        self.expired = True
        for each in list(self._sockets):
            with contextlib.suppress(OSError):  # it may be closed by the other side
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self, answer: urllib3.BaseHTTPResponse, url: str, piece: Piece) -> Answer:
        if answer.status == (_PARTIAL if piece.is_range else _OK):
            return Answer(self, answer, url)
        answer.close()
        said = f"The source's server answered {answer.status} to {bare(url)}."
        if answer.status in _TRY_AGAIN or answer.status >= _SERVER_ERROR:
            raise TransientError(said)
        if answer.status == _OK:
            raise SourceUnreachable(
                f"The source's server does not give the range of {bare(url)} that a playlist names."
            )
        raise SourceUnreachable(said)


def pour(answer: Answer, piece: Piece, most_bytes: int) -> Iterator[bytes]:
    """An answer's bytes to its end. Raises SourceTooLarge, and TransientError where a range comes
    out shorter than asked."""
    got = 0
    while data := answer.read(_PIECE_BYTES):
        got += len(data)
        if got > most_bytes:
            raise too_large(answer.url, got, most_bytes)
        yield data
    if piece.length is not None and got != piece.length:
        raise TransientError(f"Of {bare(answer.url)} {got} bytes came instead of {piece.length}.")


def too_large(url: str, size_bytes: int, most_bytes: int) -> SourceTooLarge:
    return SourceTooLarge(
        f"The source {bare(url)} has {size_bytes} bytes; this stack takes {most_bytes}."
    )


def _follow(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise SourceUnreachable(f"{bare(url)} redirects to a malformed address: {error}.") from None
