"""Running commands in this process, against a fake API."""

from collections.abc import Callable
from typing import Any

from tests.ran import Ran
from tests.unit.reelwright.fake_api import Answer, FakeApi, job, ok, output

ID = job()["job_id"]
CONTENT = b"video" * 1000


Run = Callable[..., Ran]


def rendering(api: FakeApi, **more: Any) -> None:
    """An API that takes the clip and a job, and shows the job COMPLETE with one file."""
    source = "s3://media/uploads/me/clip.mp4"
    part = {"number": 1, "url": f"{api.url}/store/in", "size_bytes": len(CONTENT)}
    begun = {"source": source, "parts": [part], "upload_id": None, "complete_url": None}
    api.on("POST", "/uploads", ok({**begun, "expires_at": "2026-11-21T13:00:00Z"}, 201))
    api.on("PUT", "/store/in", Answer(headers={"ETag": '"1"'}))
    api.on("POST", "/jobs", ok(job("QUEUED", stage="queued", started_at=None), 202))
    made = {"outputs": [output(api, CONTENT)], **more}
    api.on("GET", f"/jobs/{ID}", ok(job("COMPLETE", **made)))
    api.on("GET", "/store/video", Answer(body=CONTENT))


def is_one_line(text: str) -> bool:
    return text.startswith("reelwright: ") and text.count("\n") == 1
