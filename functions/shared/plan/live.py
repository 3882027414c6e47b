"""The plan of a job that takes pictures of a live stream. There is no grid: it is not there yet."""

import hashlib
from typing import Literal

from functions.shared.frozen import Frozen


class LivePlan(Frozen):
    """What take_live_snapshots needs beside how far it is."""

    kind: Literal["live"] = "live"
    """Tells it from other plans in the same place."""
    job_id: str
    source: str
    """An https address."""
    moments_s: tuple[float, ...]
    """In order, from when the stream is found up."""
    widths: tuple[int, ...]
    """In order; a picture may turn out smaller."""
    format: Literal["jpeg", "png"]
    wait_s: float

    @property
    def hash(self) -> str:
        """Identifies what was asked for."""
        return hashlib.sha256(self.model_dump_json(exclude={"job_id"}).encode()).hexdigest()


class LiveRecord(Frozen):
    """What became of it: written once the last moment has passed, for who publishes."""

    started_at: str
    """When the stream was found up. Pictures that carry another moment are of an earlier run."""
    taken: tuple[int, ...]
    """Numbers of the moments that have pictures."""
    notes: tuple[str, ...]
    """Sentences on what is missing."""
