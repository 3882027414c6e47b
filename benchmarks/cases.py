"""What is rendered both ways: length, preset, one output or a ladder, with a logo or without."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

LADDER = (1080, 720, 480, 360)
LENGTHS_S = (10, 60, 300)
PRESETS = ("veryfast", "medium")
_LOGO_PERCENT = 15


@dataclass(frozen=True)
class Case:
    clip_s: int
    preset: str
    outputs: int = 1
    overlay: bool = False
    rounds: int = 1

    @property
    def name(self) -> str:
        shape = "ladder of 4" if self.outputs > 1 else "1 output"
        return f"{self.clip_s} s, {self.preset}, {shape}{', logo' if self.overlay else ''}"

    def request(self, source: str, logo: str | None) -> dict[str, Any]:
        """A job's, with nothing a user would not write."""
        rungs = [
            {"name": f"h{height}", "height": height, "video": {"preset": self.preset}}
            for height in LADDER[: self.outputs]
        ]
        laid = [{"image": logo, "position": "top-right", "width_percent": _LOGO_PERCENT}]
        edit = {"edit": {"overlays": laid}} if logo else {}
        return {"source": source, "render": {"outputs": rungs}, **edit}


USUAL = (
    Case(10, "veryfast", rounds=3),
    Case(10, "medium", rounds=3),
    Case(10, "veryfast", overlay=True),
    Case(10, "medium", overlay=True),
    Case(10, "veryfast", outputs=4),
    Case(10, "medium", outputs=4),
    Case(60, "veryfast", rounds=2),
    Case(60, "medium"),
    Case(60, "veryfast", outputs=4),
)
"""Done in twenty minutes on two cores."""


def every(rounds: int = 3) -> Iterator[Case]:
    """All; several hours."""
    for clip_s, preset, outputs, overlay in product(
        LENGTHS_S, PRESETS, (1, len(LADDER)), (False, True)
    ):
        yield Case(clip_s, preset, outputs, overlay, rounds)
