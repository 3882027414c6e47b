"""A live job's store, its plan and its calls."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import av

from functions.plan_render.live import plan_live
from functions.shared.job import parse_input
from functions.shared.media_store import Keys
from functions.shared.plan import LivePlan, LiveRecord
from functions.take_live_snapshots.watch import Answer
from tests.media.support import JOB, FolderStore

PIXELS = 8192 * 4320
VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12"
PLENTY_S = 180.0


class LiveStore(FolderStore):
    """With what a live job reads and writes besides."""

    def read_any_plan(self, job_id: str) -> LivePlan:
        return LivePlan.model_validate_json(self.path(Keys(job_id).plan).read_text())

    def write(
        self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        assert content_type == "application/json"
        assert (metadata or {})["sha256"] == hashlib.sha256(body).hexdigest()
        self.path(key).write_bytes(body)

    @property
    def record(self) -> LiveRecord:
        return LiveRecord.model_validate_json(self.path(Keys(JOB).live_record).read_text())

    def facts(self, name: str) -> dict[str, Any]:
        part = self.head(Keys(JOB).snapshot_part(name))
        assert part is not None, name
        return dict(part.metadata)

    def brightness(self, name: str) -> int:
        """The frame a picture shows, by its brightness; counted anew after LUMA_FRAMES."""
        with av.open(str(self.path(Keys(JOB).snapshot_part(name)))) as container:
            [frame] = container.decode(video=0)
            plane = bytes(frame.reformat(format="rgb24").planes[0])
        full = sorted(plane)[len(plane) // 2]
        return round(full * 219 / 255 + 16 - 20)


Look = Callable[..., Answer]


def plan(store: LiveStore, source: str, **live: Any) -> LivePlan:
    request = parse_input({"source": source, "live": {"wait_s": 0, **live}})
    assert request.live is not None
    made = plan_live(JOB, request, request.live, 21_600)
    path = store.path(Keys(JOB).plan)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made.model_dump_json())
    return made


def watched(look: Look) -> Answer:
    """All calls to the end."""
    answer = look()
    while not answer.over:
        answer = look(answer)
    return answer
