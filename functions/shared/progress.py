"""How far a job is: the parts that exist held against its plan. Counted each time, never stored."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan


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

    @property
    def done(self) -> int:
        return self.chunks_done + self.snapshots_done + self.sounds_done

    @property
    def total(self) -> int:
        return self.chunks_total + self.snapshots_total + self.sounds_total


def count(store: MediaStore, job_id: str) -> Progress:
    """The progress of a job that is being rendered, from what lies in the store."""
    keys = Keys(job_id)
    if store.head(keys.plan) is None:
        return Progress()
    plan = store.read_plan(job_id)
    made = [key.removeprefix(keys.parts).split("/")[0] for key in parts(store, job_id)]
    sounds, pictures = made.count("audio"), made.count("snapshots")
    whole = planned(plan)
    return Progress(
        chunks_done=min(len(made) - sounds - pictures, whole.chunks_total),
        chunks_total=whole.chunks_total,
        snapshots_done=min(pictures, whole.snapshots_total),
        snapshots_total=whole.snapshots_total,
        sounds_done=min(sounds, whole.sounds_total),
        sounds_total=whole.sounds_total,
    )


def planned(plan: Plan) -> Progress:
    """What there will be to do."""
    return Progress(
        chunks_total=len(plan.chunks) * len(plan.outputs),
        snapshots_total=(
            len(plan.snapshots.frames) * len(plan.snapshots.sizes) if plan.snapshots else 0
        ),
        sounds_total=len(plan.audio.bitrates_kbps) if plan.audio else 0,
    )


def parts(store: MediaStore, job_id: str) -> Iterator[str]:
    """Keys of the parts made so far."""
    keys = Keys(job_id)
    pages = store.s3.get_paginator("list_objects_v2").paginate(
        Bucket=store.bucket, Prefix=keys.parts
    )
    for page in pages:
        for found in page.get("Contents", []):
            if found["Key"] != keys.source:
                yield found["Key"]
