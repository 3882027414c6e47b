"""A small S3 in a process of its own, for measuring what reads and writes it.

python -m benchmarks.stitching.double MANIFEST FOLDER [--mb-per-s 75 --wait-ms 50]

Its objects are files: the manifest names one for each key, and many keys may share one. What is
uploaded goes to FOLDER. The engine's S3 holds objects in memory and is slower than what is to be
measured. Every byte that is sent or received may be paced, each way by itself, and every request
may wait before it is answered, as in a function's network. It checks no signature and no checksum.
It speaks as much S3 as `assemble_render` does, prints its port, and ends with its input.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_PIECE_BYTES = 256 << 10
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_META = "x-amz-meta-"
_BEGUN = (
    "<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
)


@dataclass
class Stored:
    """An object: files one after the other."""

    files: Sequence[tuple[Path, int]]
    """And their lengths."""
    metadata: dict[str, str]

    @property
    def size_bytes(self) -> int:
        return sum(length for _, length in self.files)

    @property
    def etag(self) -> str:
        told = repr([(str(file), length) for file, length in self.files])
        return '"' + hashlib.sha256(told.encode()).hexdigest()[:32] + '"'


class Pace:
    """Lets so many bytes a second pass."""

    def __init__(self, bytes_per_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        self.lock = threading.Lock()
        self.free_at = 0.0

    def take(self, count: int) -> None:
        if not self.bytes_per_s:
            return
        with self.lock:
            self.free_at = max(self.free_at, time.monotonic()) + count / self.bytes_per_s
            until = self.free_at
        time.sleep(max(0.0, until - time.monotonic()))


@dataclass
class World:
    """All that the handlers share."""

    folder: Path
    objects: dict[str, Stored]
    wait_s: float
    down: Pace
    up: Pace
    uploads: dict[str, dict[int, tuple[Path, int]]] = field(default_factory=dict)
    begun: dict[str, dict[str, str]] = field(default_factory=dict)
    """Metadata of the uploads."""
    counted: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, **more: int) -> None:
        with self.lock:
            self.counted.update(more)

    def new_file(self) -> Path:
        with self.lock:
            self.counted["files"] += 1
            return self.folder / f"{self.counted['files']:06}"


class Handler(BaseHTTPRequestHandler):
    """The operations, by path style."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    world: World

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        key, _ = self._asked()
        if key == "counted":
            self._answer(json.dumps(self.world.counted).encode())
            return
        if self.path.startswith("/sha256/"):
            self._answer(_digest(self.world.objects[key]).encode())
            return
        self._paused("get")
        found = self.world.objects.get(key)
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND, "NoSuchKey")
            return
        if self.headers.get("If-Match") not in {None, found.etag}:
            self._refuse(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
            return
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        size = found.size_bytes
        start = int(asked[1]) if asked else 0
        end = min(int(asked[2]) + 1, size) if asked and asked[2] else size
        self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self._describe(found, end - start)
        self.world.count(bytes_read=end - start)
        self._send(found, start, end)

    def do_HEAD(self) -> None:
        key, _ = self._asked()
        self._paused("head")
        found = self.world.objects.get(key)
        if found is None:
            self.send_response(HTTPStatus.NOT_FOUND)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(HTTPStatus.OK)
        self._describe(found, found.size_bytes)

    def do_PUT(self) -> None:
        key, query = self._asked()
        file = self.world.new_file()
        length = self._receive(file)
        self._paused("put")
        with self.world.lock:
            if "partNumber" in query:
                self.world.uploads[query["uploadId"]][int(query["partNumber"])] = (file, length)
            else:
                self.world.objects[key] = Stored([(file, length)], self._metadata())
        self._answer(b"", etag=f'"{file.name}"')

    def do_POST(self) -> None:
        key, query = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._paused("post")
        if "uploads" in query:
            upload = f"upload-{len(self.world.begun)}"
            self.world.uploads[upload] = {}
            self.world.begun[upload] = self._metadata()
            self._answer(_BEGUN.format(upload=upload).encode())
            return
        upload = query["uploadId"]
        numbers = [int(n) for n in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        parts = self.world.uploads.pop(upload)
        self.world.objects[key] = Stored([parts[n] for n in numbers], self.world.begun[upload])
        self._answer(b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")

    def do_DELETE(self) -> None:
        self._paused("delete")
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def _asked(self) -> tuple[str, dict[str, str]]:
        """The key, without its bucket, and the query."""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        key = unquote(parts.path).lstrip("/").partition("/")[2]
        return key or parts.path.strip("/"), {name: values[0] for name, values in query.items()}

    def _paused(self, verb: str) -> None:
        self.world.count(requests=1, **{verb: 1})
        if self.world.wait_s:
            time.sleep(self.world.wait_s)

    def _metadata(self) -> dict[str, str]:
        return {
            name.lower().removeprefix(_META): value
            for name, value in self.headers.items()
            if name.lower().startswith(_META)
        }

    def _describe(self, found: Stored, length: int) -> None:
        self.send_header("ETag", found.etag)
        self.send_header("Content-Length", str(length))
        self.send_header("Last-Modified", self.date_time_string())
        for name, value in found.metadata.items():
            self.send_header(_META + name, value)
        self.end_headers()

    def _answer(self, body: bytes, etag: str | None = None) -> None:
        self.send_response(HTTPStatus.OK)
        if etag is not None:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, found: Stored, start: int, end: int) -> None:
        at = 0
        for path, length in found.files:
            first, last = max(start - at, 0), min(end - at, length)
            at += length
            if first >= last:
                continue
            with path.open("rb") as stream:
                while first < last:
                    piece = min(_PIECE_BYTES, last - first)
                    self.world.down.take(piece)
                    first += os.sendfile(self.connection.fileno(), stream.fileno(), first, piece)

    def _receive(self, file: Path) -> int:
        length = left = int(self.headers["Content-Length"])
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            raise ValueError("this store takes no body in chunks")
        held = memoryview(bytearray(_PIECE_BYTES))
        with file.open("wb", buffering=0) as stream:
            while left:
                got = self.rfile.readinto(held[: min(left, _PIECE_BYTES)])
                self.world.up.take(got)
                stream.write(held[:got])
                left -= got
        self.world.count(bytes_written=length)
        return length


def _digest(stored: Stored) -> str:
    whole = hashlib.sha256()
    for file, _ in stored.files:
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                whole.update(piece)
    return whole.hexdigest()


class Server(ThreadingHTTPServer):
    """One thread a connection."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*_)


def main() -> int:
    parser = argparse.ArgumentParser(prog="double", description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mb-per-s", type=float, default=0)
    parser.add_argument("--wait-ms", type=float, default=0)
    asked = parser.parse_args()
    told = json.loads(asked.manifest.read_text("utf-8"))
    sizes = {file: Path(file).stat().st_size for file in {one["file"] for one in told.values()}}
    world = World(
        asked.folder,
        {
            key: Stored([(Path(one["file"]), sizes[one["file"]])], one["metadata"])
            for key, one in told.items()
        },
        asked.wait_ms / 1000,
        Pace(asked.mb_per_s * 1e6),
        Pace(asked.mb_per_s * 1e6),
    )
    server = Server(("127.0.0.1", 0), type("WorldHandler", (Handler,), {"world": world}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
