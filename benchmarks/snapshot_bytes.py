"""What twelve pictures of a large file over http cost: seconds, bytes and requests.

python -m benchmarks.snapshot_bytes ../shared/corpus/max-heromode.mp4 --megabytes 250

The file is repeated, without coding it again, until it is as large; a server on loopback counts
what it sends, after a wait as an object store's. The pictures are planned and taken as a job's are,
by the functions' own code; one process opens the file for each, two at a time.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from functions.plan_render.plan import PlanSettings
from functions.plan_render.planning import make_plan
from functions.plan_render.source.facts import Limits
from functions.shared.job import parse_input
from functions.shared.media_store import Part
from functions.shared.plan import Plan, Source
from functions.take_snapshots.take import take_batch

SETTINGS = PlanSettings(threads=1, max_parallel=1, chunk_memory_mb=1769)
LIMITS = Limits(
    size_bytes=1 << 40, pixels=1 << 28, duration_s=86_400, streams=64, scan_bytes=1 << 30
)
WAYS: Mapping[str, Mapping[str, Any]] = {
    "12 exact": {"count": 12},
    "12 key frames": {"count": 12, "accuracy": "keyframe"},
    "sprite of 100, exact": {"sprite": {"count": 100}},
    "sprite of 100, key frames": {"sprite": {"count": 100}, "accuracy": "keyframe"},
    "scene changes": {"scenes": {"most": 12}},
}
_PIECE_BYTES = 64 << 10
_JOB = "job"


class Counted:
    """What the server sent so far."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.bytes = 0
        self.requests = 0

    def add(self, *, requests: int = 0, sent_bytes: int = 0) -> None:
        with self.lock:
            self.requests += requests
            self.bytes += sent_bytes


class Handler(BaseHTTPRequestHandler):
    """Ranges of one file."""

    protocol_version = "HTTP/1.1"
    file: Path
    wait_s: float
    counted: Counted

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.counted.add(requests=1)
        time.sleep(self.wait_s)
        size = self.file.stat().st_size
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start, end = (
            (int(asked[1]), min(int(asked[2] or size), size - 1)) if asked else (0, size - 1)
        )
        self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end + 1 - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.end_headers()
        with self.file.open("rb") as stream:
            stream.seek(start)
            left = end + 1 - start
            while left and (piece := stream.read(min(left, _PIECE_BYTES))):
                try:
                    self.wfile.write(piece)
                except OSError:  # the reader has enough
                    self.close_connection = True
                    return
                self.counted.add(sent_bytes=len(piece))
                left -= len(piece)


class Server(ThreadingHTTPServer):
    """Says nothing of readers that hang up."""

    def handle_error(self, *_: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*_)


@contextmanager
def served(file: Path, wait_s: float, counted: Counted) -> Iterator[str]:
    shape = {"file": file, "wait_s": wait_s, "counted": counted}
    server = Server(("127.0.0.1", 0), type("FileHandler", (Handler,), shape))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/source"
    finally:
        server.shutdown()
        server.server_close()


class OneSource:
    """A media store with a source that is served, and a plan; pictures are thrown away."""

    def __init__(self, url: str, source: Source) -> None:
        self.url = url
        self.source = source
        self.bucket = source.bucket
        self.plan: Plan | None = None
        self.pictures = 0

    def head(self, key: str, *, bucket: str | None = None) -> Part | None:
        _ = bucket
        if key != self.source.key:
            return None
        return Part(key, self.source.size_bytes, self.source.etag, {})

    def presigned(self, key: str, *, bucket: str | None = None) -> str:
        _ = key, bucket
        return self.url

    def download(self, key: str, file: Path, *, bucket: str | None, etag: str) -> None:
        raise NotImplementedError("snapshots name nothing besides the source")

    def upload(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:
        _ = key, file, metadata
        self.pictures += content_type.startswith("image/")

    def read_plan(self, job_id: str) -> Plan:
        _ = job_id
        if self.plan is None:
            raise RuntimeError("there is no plan yet")
        return self.plan


def main() -> int:
    asked = _arguments()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        sys.exit("ffmpeg is not on PATH: put build/layers/ffmpeg-x86_64/bin there")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "source.mp4"
        _repeat(ffmpeg, asked.file, asked.megabytes, file)
        counted = Counted()
        size_bytes = file.stat().st_size
        source = Source(bucket="b", key="source", etag='"0"', size_bytes=size_bytes, container="")
        with served(file, asked.wait_ms / 1000, counted) as url:
            print(f"{size_bytes / 1e6:.0f} MB, {asked.wait_ms} ms before each answer")
            for name, snapshots in WAYS.items():
                store = OneSource(url, source)
                for step, seconds, sent, requests in _measured(store, snapshots, counted):
                    print(
                        f"{name:26} {step:8} {seconds:6.2f} s {sent:7.1f} MB {requests:5} requests"
                    )
                print(f"{name:26} {store.pictures} files")
    return 0


def _measured(
    store: OneSource, snapshots: Mapping[str, Any], counted: Counted
) -> Iterator[tuple[str, float, float, int]]:
    """(step, seconds, MB, requests) of planning and of taking."""
    request = parse_input({"source": "s3://bucket/source", "snapshots": snapshots})

    def plan() -> None:
        store.plan = make_plan(
            _JOB, request, store.source, store, settings=SETTINGS, limits=LIMITS, timeout_s=60
        )

    def take() -> None:
        wanted = store.plan.snapshots if store.plan else None
        for batch in range(wanted.batch_count if wanted else 0):
            take_batch(store, _JOB, batch, remaining_s=900)

    for step, work in (("planning", plan), ("taking", take)):
        bytes_before, requests_before, began = counted.bytes, counted.requests, time.monotonic()
        work()
        seconds = time.monotonic() - began
        sent = (counted.bytes - bytes_before) / 1e6
        yield step, seconds, sent, counted.requests - requests_before


def _repeat(ffmpeg: str, file: Path, megabytes: int, to: Path) -> None:
    times = max(0, round(megabytes * 1e6 / file.stat().st_size) - 1)
    command = [ffmpeg, "-nostdin", "-v", "error", "-y", "-stream_loop", str(times), "-i", str(file)]
    copying = ["-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", "-movflags", "+faststart", str(to)]
    subprocess.run([*command, *copying], check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("file", type=Path, help="an MP4 file to repeat")
    parser.add_argument("--megabytes", type=int, default=250)
    parser.add_argument("--wait-ms", type=int, default=20, help="before each answer")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
