"""An HTTP server on loopback that answers as it was told to and remembers what it was asked."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from functions.shared.job_view import JobView
from local.loopback_server import LoopbackServer

PROBLEM = "application/problem+json"
OWNER = "0aa77d36-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """`cut`: close the connection after so many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


Say = Answer | Callable[[Asked], Answer]


def ok(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


def problem(status: int, detail: str, **more: Any) -> Answer:
    content = {"type": "urn:x", "title": "T", "status": status, "detail": detail, **more}
    return Answer(status, json.dumps(content).encode(), {"Content-Type": PROBLEM})


class FakeApi:
    """What `on` was told is said in turn, the last again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self._says: dict[tuple[str, str], list[Say]] = defaultdict(list)
        self._lock = threading.Lock()

    def on(self, method: str, path: str, *says: Say) -> None:
        self._says[method, path] = list(says)

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            says = self._says.get((asked.method, asked.path))
            if not says:
                return ok({"message": "Not Found"}, 404)
            say = says.pop(0) if len(says) > 1 else says[0]
        return say if isinstance(say, Answer) else say(asked)

    def to(self, method: str, path: str) -> list[Asked]:
        """The requests that came for this."""
        return [one for one in self.asked if (one.method, one.path) == (method, path)]


@contextmanager
def serving() -> Iterator[FakeApi]:
    api = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            path, _, query = self.path.partition("?")
            size = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(size)
            asked = Asked(self.command, path, query, dict(self.headers), body)
            said = api.answer(asked)
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body[: said.cut])
            if said.cut is not None:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _do  # noqa: N815 - as http.server names them

        def log_message(self, *_: Any) -> None:
            """Not on the tests' output."""

    with LoopbackServer(Handler) as server:
        api.url = f"http://127.0.0.1:{server.port}"
        yield api


def job(status: str = "RUNNING", **more: Any) -> dict[str, Any]:
    """A job as the API shows it."""
    ended = status in {"COMPLETE", "FAILED", "REJECTED", "CANCELLED"}
    shown = {
        "job_id": "a1b2c3d4e5",
        "status": status,
        "order_key": None,
        "priority": 0,
        "created_at": "2026-11-21T12:00:00Z",
        "started_at": "2026-11-21T12:00:02Z",
        "finished_at": "2026-11-21T12:00:12Z" if ended else None,
        "error": None,
        "stage": "ended" if ended else "rendering",
        "progress": {
            "fraction": 1.0 if ended else 0.5,
            "chunks_done": 4 if ended else 2,
            "chunks_total": 4,
            "snapshots_done": 0,
            "snapshots_total": 0,
        },
        "eta_s": 0.0 if ended else 5.0,
        "duration_s": 30.0,
        "claimed_at": "2026-11-21T12:00:01Z",
        "attempts": 1,
        "outputs": [],
        "snapshots": [],
        "notes": [],
        "execution_arn": "arn:aws:states:us-east-1:000000000000:execution:R:x",
        "execution_url": "https://us-east-1.console.aws.amazon.com/states/home",
        "metadata": {},
        **more,
    }
    JobView.model_validate(shown, extra="ignore")
    return shown


def output(api: FakeApi, content: bytes, name: str = "video") -> dict[str, Any]:
    """A file of the job, whose address is the fake's own."""
    return {
        "name": name,
        "key": f"jobs/a1b2c3d4e5/out/{name}.mp4",
        "size_bytes": len(content),
        "duration_s": 30.0,
        "width": 320,
        "height": 180,
        "frames": 900,
        "url": f"{api.url}/store/{name}?signature=1",
    }


def summary(number: int) -> dict[str, Any]:
    names = ("status", "order_key", "priority", "created_at", "started_at", "finished_at", "error")
    return {"job_id": f"job{number}", **{name: job()[name] for name in names}}
