"""How far a job is: the parts that exist held against its plan. Counted each time, never stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.shared.errors import PartMissing
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import LivePlan, Plan


@dataclass(frozen=True)
class Progress:
    """Parts made and parts planned. All are 0 while there is no plan."""

    chunks_done: int = 0
    chunks_total: int = 0
    """One for each chunk of each output."""
    snapshots_done: int = 0
    snapshots_total: int = 0
    """One for each picture in each width."""
    sounds_done: int = 0
    sounds_total: int = 0
    duration_s: float = 0.0
    """Of the video, as planned."""

    @property
    def done(self) -> int:
        return self.chunks_done + self.snapshots_done + self.sounds_done

    @property
    def total(self) -> int:
        return self.chunks_total + self.snapshots_total + self.sounds_total


def progress_of(store: MediaStore, row: Mapping[str, Any]) -> Progress:
    """The progress of the job of a row, whatever its status.

    Nothing is made before a job was claimed; all that was planned is made when it is COMPLETE, and
    its parts may have expired.
    """
    if "claimed_at" not in row:
        return Progress()
    if row["status"] != "COMPLETE":
        return count(store, row["job_id"])
    try:
        whole = planned(store.read_any_plan(row["job_id"]))
    except PartMissing:
        return Progress()  # the job's files were removed by hand
    return replace(
        whole,
        chunks_done=whole.chunks_total,
        snapshots_done=whole.snapshots_total,
        sounds_done=whole.sounds_total,
    )


def count(store: MediaStore, job_id: str) -> Progress:
    """The progress of a job that is being rendered, from what lies in the store."""
    keys = Keys(job_id)
    if store.head(keys.plan) is None:
        return Progress()
    plan = store.read_any_plan(job_id)
    made = [key.removeprefix(keys.parts).split("/")[0] for key in parts(store, job_id)]
    sounds, pictures = made.count("audio"), made.count("snapshots")
    other = made.count("scenes")
    whole = planned(plan)
    return replace(
        whole,
        chunks_done=min(len(made) - sounds - pictures - other, whole.chunks_total),
        snapshots_done=min(pictures, whole.snapshots_total),
        sounds_done=min(sounds, whole.sounds_total),
    )


def planned(plan: Plan | LivePlan) -> Progress:
    """What there will be to do."""
    if isinstance(plan, LivePlan):
        return Progress(snapshots_total=len(plan.moments_s) * len(plan.widths))
    return Progress(
        chunks_total=len(plan.chunks) * len(plan.outputs) + len(plan.whole_pictures),
        snapshots_total=plan.snapshots.file_count if plan.snapshots else 0,
        sounds_total=len(plan.audio.tracks) if plan.audio else 0,
        duration_s=float(plan.video.total_frames / plan.video.rate),
    )


def parts(store: MediaStore, job_id: str) -> Iterator[str]:
    """Keys of the parts made so far."""
    keys = Keys(job_id)
    pages = store.s3.get_paginator("list_objects_v2").paginate(
        Bucket=store.bucket, Prefix=keys.parts
    )
    for page in pages:
        for found in page.get("Contents", []):
            if found["Key"] != keys.source and not found["Key"].startswith(keys.receipts):
                yield found["Key"]
