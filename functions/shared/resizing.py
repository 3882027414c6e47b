"""A published snapshot in another width: what the API asks of the function that makes it."""

from typing import Literal

from functions.shared.frozen import Frozen

Width = Literal[64, 96, 128, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560, 3840]
"""Few enough that nobody can fill the bucket by asking for each width."""


class ResizeEvent(Frozen):
    """A picture below `jobs/{job_id}/out/snapshots/`."""

    job_id: str
    name: str
    width: Width


class Resized(Frozen):
    """The picture that was made, or was there."""

    key: str
    width: int
    height: int
    size_bytes: int
