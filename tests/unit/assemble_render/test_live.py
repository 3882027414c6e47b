"""Of a live job is published what its record says was taken, and that unharmed."""

import hashlib
import json

import pytest

from functions.assemble_render.live import assemble_live
from functions.shared.errors import JobEnded, PartForeign, PartMismatch, PartMissing
from functions.shared.media_store import Keys, MediaStore, snapshot_name
from functions.shared.plan import LivePlan, LiveRecord
from functions.shared.progress import Progress, count

KEYS = Keys("job")
STARTED = "2026-11-21T10:00:00.000Z"
PLAN = LivePlan(
    job_id="job",
    source="https://live.test/live.m3u8",
    moments_s=(0, 10, 20),
    widths=(64, 640),
    format="jpeg",
    wait_s=0,
)
NOTE = "1 of 3 pictures are missing: The stream stands still. (StreamStalled)"


def put(store: MediaStore, key: str, body: bytes, **facts: str) -> None:
    digest = hashlib.sha256(body).hexdigest()
    store.write(key, body, "image/jpeg", {"plan": PLAN.hash, "sha256": digest, **facts})


def put_picture(store: MediaStore, index: int, width: int, **facts: str) -> None:
    told = {"started": STARTED, "live": STARTED, "width": "64", "height": "36", **facts}
    key = KEYS.snapshot_part(snapshot_name(index, width, "jpeg"))
    put(store, key, f"picture {index} {width} {told['started']}".encode(), **told)


@pytest.fixture
def watched(store: MediaStore) -> MediaStore:
    """The second of three moments has no picture."""
    store.write_live_plan(PLAN)
    record = LiveRecord(started_at=STARTED, taken=(0, 2), notes=(NOTE,))
    put(store, KEYS.live_record, record.model_dump_json().encode())
    for index in (0, 2):
        for width in PLAN.widths:
            put_picture(store, index, width)
    return store


def begun() -> None:
    """Nobody ended the job."""


def test_what_was_taken_is_published_and_what_is_missing_is_said(watched: MediaStore) -> None:
    result = assemble_live(watched, PLAN, begun)

    assert [(one.time_s, one.frame, one.width) for one in result.snapshots] == [
        (0, None, 64),
        (0, None, 64),
        (20, None, 64),
        (20, None, 64),
    ]
    assert result.notes == (NOTE,)
    for one in result.snapshots:
        assert len(watched.read(one.key)) == one.size_bytes
    assert json.loads(watched.read(KEYS.result)) == result.model_dump(mode="json")


def test_done_again_it_changes_nothing(watched: MediaStore) -> None:
    assert assemble_live(watched, PLAN, begun) == assemble_live(watched, PLAN, begun)


def test_a_picture_of_an_earlier_run_is_replaced(watched: MediaStore) -> None:
    key = KEYS.snapshot("00000-64.jpg")
    put(watched, key, b"published by a run that was broken off")

    assemble_live(watched, PLAN, begun)

    assert watched.read(key) == f"picture 0 64 {STARTED}".encode()


def test_a_picture_of_an_earlier_run_is_not_taken_for_one_of_this(watched: MediaStore) -> None:
    put_picture(watched, 2, 64, started="2026-11-20T10:00:00.000Z")
    with pytest.raises(PartMismatch, match="live picture 2 of width 64 is of another run"):
        assemble_live(watched, PLAN, begun)


def test_a_picture_that_was_lost(watched: MediaStore) -> None:
    watched.s3.delete_object(Bucket=watched.bucket, Key=KEYS.snapshot_part("00002-640.jpg"))
    with pytest.raises(PartMissing, match="live picture 2 of width 640"):
        assemble_live(watched, PLAN, begun)


def test_a_picture_of_another_plan(watched: MediaStore) -> None:
    put_picture(watched, 0, 64, plan="other")
    with pytest.raises(PartForeign, match="live picture 0 of width 64"):
        assemble_live(watched, PLAN, begun)


def test_a_picture_that_was_changed(watched: MediaStore) -> None:
    put_picture(watched, 0, 64, sha256="0" * 64)
    with pytest.raises(PartMismatch, match="live picture 0 of width 64 does not hold the bytes"):
        assemble_live(watched, PLAN, begun)


def test_nothing_is_published_of_a_job_that_was_ended(watched: MediaStore) -> None:
    def ended() -> None:
        raise JobEnded("It was cancelled.")

    with pytest.raises(JobEnded):
        assemble_live(watched, PLAN, ended)

    listed = watched.s3.list_objects_v2(Bucket=watched.bucket, Prefix=f"{KEYS.root}out/")
    assert listed["KeyCount"] == 0


def test_its_progress_is_its_pictures(watched: MediaStore) -> None:
    assert count(watched, "job") == Progress(snapshots_done=4, snapshots_total=6)
