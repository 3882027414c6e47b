"""What a soak asks for: small jobs of many kinds, and what none can be. Drawn by a seed."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.load.messages import Message, expected, render
from benchmarks.load.poison import poisons
from benchmarks.load.sources import Broken, Clip

_ULTRAFAST = {"preset": "ultrafast"}
_SMALL = {"name": "small", "height": 48, "video": _ULTRAFAST}
_VARIED: tuple[dict[str, Any], ...] = (
    {"render": {"outputs": [{"name": "loop", "preset": "gif-preview", "width": 64}]}},
    {"render": {"outputs": [_SMALL, {"name": "cover", "container": "webp", "width": 64}]}},
    {"render": {"outputs": [{**_SMALL, "container": "mkv"}]}},
    {"render": {"outputs": [{"name": "sound", "container": "mp3"}]}},
    {"edit": {"clips": [{"start_s": 0.1, "end_s": 0.4}]}, "render": {"outputs": [_SMALL]}},
    {"edit": {"clips": [{"speed": 0.5}], "flip": "vertical"}, "render": {"outputs": [_SMALL]}},
    {
        "render": {
            "streams": [{"name": "film", "renditions": [{"height": 48, "video": _ULTRAFAST}]}]
        }
    },
    {"snapshots": {"sprite": {"every_s": 0.2, "width": 32, "columns": 2, "rows": 2}}},
)
_OF_VARIED = 0.25
_BROKEN, _POISON = 0.06, 0.08


class Messages:
    """Gives out one after another: the same ones for the same seed."""

    def __init__(
        self, draw: random.Random, run: str, clips: Sequence[Clip], broken: Sequence[Broken]
    ) -> None:
        self._draw, self._run, self._clips, self._broken = draw, run, clips, broken
        self._poisons = list(poisons(clips[0].url))
        self._number = 0

    def next(self) -> Message:
        job_id = f"{self._run}-{self._number:05}"
        self._number += 1
        chance = self._draw.random()
        if chance < _POISON:
            return self._poison(job_id)
        if chance < _POISON + _BROKEN:
            return self._failing(job_id)
        made = render(self._draw, job_id, self._clips)
        # A job is known by its id from the first moment on, so that it can be cancelled.
        body = {**json.loads(made.body), "job_id": job_id}
        made = replace(made, body=json.dumps(body), job_id=job_id)
        return self._varied(made) if self._draw.random() < _OF_VARIED else made

    def _varied(self, made: Message) -> Message:
        """Of another kind, whose frames are not counted."""
        body = json.loads(made.body)
        kept = {name: body[name] for name in ("job_id", "order_key", "priority") if name in body}
        # One with sound, and long enough for every cut.
        clip = self._clips[0]
        request = {**kept, "source": clip.url, **self._draw.choice(_VARIED)}
        varied = expected(request, str(made.job_id), clip)
        return replace(varied, kind="varied", name=varied.name, frames={})

    def _failing(self, job_id: str) -> Message:
        """It takes a turn, and must give it back."""
        source = self._draw.choice(self._broken)
        made = render(self._draw, job_id, self._clips)
        outputs = [{"name": "none", "height": 48, "video": _ULTRAFAST}]
        request = {"job_id": job_id, "source": source.url, "render": {"outputs": outputs}}
        if made.order_key:
            request["order_key"] = made.order_key
        return replace(
            made,
            kind="failing",
            name=source.name,
            body=json.dumps(request),
            job_id=job_id,
            end="FAILED",
            error=source.error,
            frames={},
            pictures=0,
        )

    def _poison(self, job_id: str) -> Message:
        poison = self._draw.choice(self._poisons)
        return Message(
            kind="poison",
            name=poison.name,
            body=poison.body.replace("JOB_ID", job_id),
            group=job_id,
            deduplication=job_id,
            job_id=job_id if poison.has_id else None,
            order_key=None,
            end="REJECTED",
            error=poison.error,
        )
