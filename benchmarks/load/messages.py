"""What is sent, and what must become of it. Drawn by a seed, so that a run can be repeated.

The same seed and count give the same messages, but for the run's own ids and its sources' keys.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from benchmarks.load.sources import Clip

Kind = Literal["render", "varied", "failing", "duplicate", "taken id", "poison"]
"""varied: a good request whose frames are not counted. failing: one for a source that can't be
rendered. duplicate: the same body again. taken id: another request under a job's id. poison: what
can never become a job."""
End = Literal["COMPLETE", "FAILED", "REJECTED", "CANCELLED"]

ORDER_KEYS = tuple(f"key-{number}" for number in range(10))
_KEYED = 0.8
_WITH_OWN_ID = 0.85
_WITH_PICTURES = 0.25
_PICTURES_ALONE = 0.05
_WITH_SOUND = 0.7
_IN_SMALL_CHUNKS = 0.3
_WITH_PRIORITY = 0.2
_HEIGHTS = (48, 72, 90, 120)


@dataclass(frozen=True)
class Message:
    """One message of the queue."""

    kind: Kind
    name: str
    """What is special about it."""
    body: str
    group: str
    deduplication: str
    job_id: str | None
    """The id of the row that must tell of it; None: the message's own id."""
    order_key: str | None
    end: End
    error: str | None = None
    frames: Mapping[str, int] = field(default_factory=dict)
    """Output → the frames it must have."""
    pictures: int = 0
    original: str | None = None
    """The job that this repeats, or whose id it wants."""
    is_late: bool = False
    """Sent only when its original has ended."""


def render(draw: random.Random, job_id: str, clips: Sequence[Clip]) -> Message:
    """A small job of any shape; a few leave their id to the queue."""
    clip = draw.choice(clips)
    request: dict[str, Any] = {"source": clip.url}
    if draw.random() < _WITH_OWN_ID:
        request["job_id"] = job_id
    if draw.random() < _KEYED:
        request["order_key"] = draw.choice(ORDER_KEYS)
    chance = draw.random()
    if chance < _WITH_PICTURES:
        width = draw.choice((64, 96))
        request["snapshots"] = {"count": draw.randint(1, 3), "widths": [width]}
    if chance >= _PICTURES_ALONE:
        request["render"] = {"outputs": _outputs(draw)}
    if draw.random() < _IN_SMALL_CHUNKS:
        request["chunk_s"] = draw.choice((1, 1.5))
    if draw.random() < _WITH_PRIORITY:
        request["priority"] = draw.randint(-5, 5)
    return expected(request, job_id, clip)


def tiny(count: int, run: str, clip: Clip) -> list[Message]:
    """Equal jobs without an order key, as small as a render can be."""
    output = {"name": "tiny", "height": 48, "video": {"preset": "ultrafast"}, "audio": None}
    request = {"source": clip.url, "render": {"outputs": [output]}}
    ids = (f"{run}-{number:03}" for number in range(count))
    return [expected({**request, "job_id": job_id}, job_id, clip) for job_id in ids]


def expected(request: Mapping[str, Any], job_id: str, clip: Clip) -> Message:
    """The message of a good request. `job_id` names it to the queue even where it has no id."""
    outputs = request.get("render", {}).get("outputs", [])
    order_key = request.get("order_key")
    return Message(
        kind="render",
        name=clip.name,
        body=json.dumps(request),
        group=order_key or job_id,
        deduplication=job_id,
        job_id=request.get("job_id"),
        order_key=order_key,
        end="COMPLETE",
        frames={output["name"]: clip.frames for output in outputs},
        pictures=request.get("snapshots", {}).get("count", 0),
    )


def _outputs(draw: random.Random) -> list[dict[str, Any]]:
    heights = draw.sample(_HEIGHTS, draw.choice((1, 1, 2)))
    sound = {"bitrate_kbps": 64} if draw.random() < _WITH_SOUND else None
    video = {"preset": "ultrafast", "crf": draw.randint(20, 35)}
    return [
        {"name": f"h{height}", "height": height, "video": video, "audio": sound}
        for height in heights
    ]
