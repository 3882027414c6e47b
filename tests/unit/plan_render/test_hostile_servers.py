"""Servers that never come to an end, in each phase of an answer: the reader does, and soon."""

import dataclasses
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from functions.plan_render.source.fetch import locate
from functions.shared.errors import RenderTimedOut, SourceTooLarge
from functions.shared.media_store import Keys, MediaStore
from functions.shared.web import Web
from tests.unit.plan_render.conftest import ALLOWANCE, Site

SHORT = dataclasses.replace(ALLOWANCE, timeout_s=1)
SOON_S = 6
PAUSE_S = 0.02


def drip(handler: Any, head: bytes, drop: bytes) -> None:
    """Send a little now and then, for ever: no timeout between bytes ever passes."""
    handler.wfile.write(head)
    while True:
        handler.wfile.write(drop)
        time.sleep(PAUSE_S)


@contextmanager
def soon() -> Iterator[None]:
    threads = threading.active_count()
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SOON_S
    assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert threading.active_count() <= threads + 2  # the server's own, which notice a little later


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n#EXTM3U\n", b"#"),
    ],
    ids=["length", "to the end", "chunked", "headers", "playlist"],
)
def test_a_server_that_drips(
    head: bytes, drop: bytes, site: Site, store: MediaStore, web: Web, port: int
) -> None:
    site["/slow"] = lambda handler: drip(handler, head, drop)
    with soon(), pytest.raises(RenderTimedOut, match=r"too slow for the 1 s .* upload it instead"):
        locate(f"https://media.test:{port}/slow", "a", store, web, SHORT)
    assert store.head(Keys("a").source) is None


def test_segments_together_have_the_time_of_a_source(
    site: Site, store: MediaStore, web: Web, port: int
) -> None:
    def late(handler: Any) -> None:
        time.sleep(0.3)
        handler.answer(200, {}, b"x" * 100)

    names = [f"/{number}.ts" for number in range(20)]
    listed = "".join(f"#EXTINF:2,\n{name}\n" for name in names)
    site["/i.m3u8"] = (200, {}, f"#EXTM3U\n{listed}#EXT-X-ENDLIST\n".encode())
    site |= dict.fromkeys(names, late)
    with soon(), pytest.raises(RenderTimedOut, match="too slow"):
        locate(f"https://media.test:{port}/i.m3u8", "a", store, web, SHORT)
    assert store.head(Keys("a").source) is None


@pytest.mark.parametrize("spoken", [b"", b"\x16\x03\x03\x40\x00\x02"], ids=["mute", "half a hello"])
def test_a_server_that_never_agrees_on_tls(store: MediaStore, web: Web, spoken: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            held.append(server.accept()[0])
            held[0].sendall(spoken)

        thread = threading.Thread(target=accept)
        thread.start()
        with soon(), pytest.raises(RenderTimedOut, match="too slow"):
            locate(f"https://media.test:{server.getsockname()[1]}/a", "a", store, web, SHORT)
        thread.join()
        held[0].close()


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"x" * 65_536 + b"\r\n",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n#EXTM3U\n", b"#" * 65_536),
    ],
    ids=["to the end", "chunked", "playlist"],
)
def test_an_endless_body(
    head: bytes, more: bytes, site: Site, store: MediaStore, web: Web, port: int
) -> None:
    def serve(handler: Any) -> None:
        handler.wfile.write(head)
        while True:
            handler.wfile.write(more)

    site["/endless"] = serve
    with soon(), pytest.raises(SourceTooLarge, match="this stack takes"):
        locate(f"https://media.test:{port}/endless", "a", store, web, ALLOWANCE)
    assert store.head(Keys("a").source) is None


def test_a_body_that_unpacks_to_far_more(
    site: Site, store: MediaStore, web: Web, port: int
) -> None:
    """512 MB of zeros in half a MB of gzip, though nothing packed was asked for."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()
    site["/bomb"] = (200, {"content-encoding": "gzip"}, packed)
    with soon(), pytest.raises(SourceTooLarge, match="this stack takes"):
        locate(f"https://media.test:{port}/bomb", "a", store, web, ALLOWANCE)
