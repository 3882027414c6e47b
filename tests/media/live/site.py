"""A live stream on loopback: ffmpeg keeps producing it, a site serves it over https."""

import contextlib
import os
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import trustme

from functions.shared.web import Web
from local.loopback_server import LoopbackServer

NAME = "live.test"
RATE = 24
LUMA_FRAMES = 200
"""After so many frames the pictures' brightness begins again."""
SEGMENT_S = 0.5
_KEYS = f"-g {RATE // 2} -keyint_min {RATE // 2} -sc_threshold 0"
X264 = f"-c:v libx264 -preset ultrafast -tune zerolatency -qp 6 {_KEYS} -pix_fmt yuv420p"
WINDOW = f"-f hls -hls_time {SEGMENT_S} -hls_list_size 6 -hls_flags delete_segments"


@dataclass
class Site:
    """What is served, and what is wrong with it."""

    folder: Path
    port: int = 0
    status: int | None = None
    """Of every answer, where it is not what it should be."""
    edited: Callable[[str], str] | None = None
    """What becomes of a playlist's text on its way."""
    bodies: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    """Paths that are answered by a function."""
    asked: list[str] = field(default_factory=list)

    def url(self, path: str = "/live.m3u8") -> str:
        return f"https://{NAME}:{self.port}{path}"

    def freeze(self) -> str:
        """From now on its playlists stay as they are."""
        text = (self.folder / "live.m3u8").read_text()
        self.edited = lambda _: text
        return text


@contextmanager
def serving(folder: Path, authority: trustme.CA) -> Iterator[Site]:
    site = Site(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                if self.path in site.bodies:
                    site.bodies[self.path](self)
                else:
                    self._file(site.folder / self.path[1:])

        def _file(self, path: Path) -> None:
            data = path.read_bytes() if path.is_file() else b""
            if path.suffix == ".m3u8" and site.edited is not None:
                data = site.edited(data.decode()).encode()
            self.send_response(site.status or (200 if data else 404))
            body = b"" if site.status else data
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(tls)
    with LoopbackServer(Handler, tls) as server:
        site.port = server.port
        yield site


def trusting(authority: trustme.CA) -> Web:
    """Every name is loopback, and loopback counts as public."""
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    return Web(resolve=lambda *_: ["127.0.0.1"], is_public=lambda _: True, tls=tls)


def picture(size: str = "64x36", length_s: float = 600) -> list[str]:
    """A source whose every frame is as bright as its number says."""
    bright = f"geq=lum='20+mod(N,{LUMA_FRAMES})':cb=128:cr=128"
    source = f"nullsrc=size={size}:rate={RATE}:duration={length_s},format=yuv420p,{bright}"
    return ["-re", "-f", "lavfi", "-i", source]


@contextmanager
def broadcasting(
    ffmpeg: Path, options: list[str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """ffmpeg runs while it lasts."""
    quiet = [str(ffmpeg), "-nostdin", "-v", "error", "-y"]
    with subprocess.Popen([*quiet, *options], cwd=folder, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def endless(ffmpeg: Path, options: list[str]) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer that goes on for as long as it is read: what ffmpeg writes to its output."""

    def speak(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("connection", "close")
        request.end_headers()
        with broadcasting(ffmpeg, [*picture(), *options, "-"], Path("/")) as process:
            assert process.stdout is not None
            while data := os.read(process.stdout.fileno(), 4096):
                request.wfile.write(data)
        request.close_connection = True

    return speak


def dripping(stopped: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer of a byte now and then."""

    def speak(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("connection", "close")
        request.end_headers()
        while not stopped.wait(0.1):
            request.wfile.write(b"#")
        request.close_connection = True

    return speak
