"""Pictures of every kind are checked, named and published."""

import pytest

from functions.assemble_render.thumbnails import webvtt
from functions.shared.errors import PartMismatch, PartMissing
from functions.shared.media_store import MediaStore
from functions.shared.plan import PosterChoice, ScenePart, SceneSearch, Sheet, Snapshots
from functions.shared.scenes import Scene, SceneList
from tests.unit.assemble_render.jobs import FRAMES, JOB, Job, make_plan

SIZES = ((160, 90), (64, 36))


def sheet(index: int, *frames: int) -> Sheet:
    return Sheet(
        name=f"sprite-{index:03}",
        kind="sprite",
        frames=frames,
        starts=frames,
        columns=2,
        rows=1,
        tile=(64, 36),
        accuracy="frame",
    )


SEARCH = SceneSearch(
    most=3,
    threshold=10,
    min_gap_frames=10,
    keys_only=False,
    parts=(
        ScenePart(index=0, start_frame=0, end_frame=30),
        ScenePart(index=1, start_frame=30, end_frame=FRAMES),
    ),
)


def pictures_job(store: MediaStore, **wanted: object) -> Job:
    base = {"frames": (), "sizes": SIZES, "format": "jpeg", "batch_size": 1}
    snapshots = Snapshots.model_validate({**base, **wanted})
    job = Job(store, make_plan(outputs=(), audio=None, snapshots=snapshots))
    store.write_plan(job.plan)
    return job


def put_scenes(job: Job, part: int, *scenes: tuple[int, float]) -> None:
    found = tuple(Scene(frame=frame, score=score) for frame, score in scenes)
    job.put(job.keys.scene_list(part), SceneList(scenes=found).model_dump_json().encode())
    for frame, _ in scenes:
        for width, _ in SIZES:
            key = job.keys.scene_part(f"{frame:05}-{width}.jpg")
            job.put(key, b"scene %d %d" % (frame, width), frame=str(frame))


def test_the_clearest_scene_changes_of_all_parts_are_published_in_order(store: MediaStore) -> None:
    job = pictures_job(store, scenes=SEARCH)
    put_scenes(job, 0, (5, 40), (25, 80))
    put_scenes(job, 1, (31, 90), (45, 20), (58, 30))

    result = job.assemble()

    assert [(one.key.rsplit("/", 1)[1], one.frame) for one in result.snapshots] == [
        (f"{index:05}-{width}.jpg", frame)
        for index, frame in enumerate((5, 31, 58))
        for width in (160, 64)
    ]
    assert store.read(job.keys.snapshot("00001-64.jpg")) == b"scene 31 64"
    assert result.notes == ()


def test_fewer_scene_changes_than_were_allowed_are_noted(store: MediaStore) -> None:
    job = pictures_job(store, scenes=SEARCH)
    put_scenes(job, 0, (5, 40))
    put_scenes(job, 1)

    result = job.assemble()

    assert len(result.snapshots) == 2
    assert result.notes == ("The video has 1 scene changes, and so many pictures; 3 were allowed.",)


def test_a_part_that_was_not_looked_through_is_missed(store: MediaStore) -> None:
    job = pictures_job(store, scenes=SEARCH)
    put_scenes(job, 0, (5, 40))
    with pytest.raises(PartMissing, match=r"^the list of scene changes 1 is not in the store"):
        job.assemble()


def test_a_scene_change_without_its_picture_is_missed(store: MediaStore) -> None:
    job = pictures_job(store, scenes=SEARCH)
    put_scenes(job, 0, (5, 40))
    put_scenes(job, 1)
    job.delete(job.keys.scene_part("00005-64.jpg"))
    with pytest.raises(PartMissing, match=r"^the scene change at frame 5 of width 64 is not"):
        job.assemble()


def test_a_damaged_list_is_refused(store: MediaStore) -> None:
    job = pictures_job(store, scenes=SEARCH)
    put_scenes(job, 0, (5, 40))
    job.put(job.keys.scene_list(1), b"{}")
    with pytest.raises(PartMismatch, match=r"^the list of scene changes 1 is damaged"):
        job.assemble()


def test_sheets_posters_and_their_facts_are_in_the_result(store: MediaStore) -> None:
    job = pictures_job(
        store, sheets=(sheet(0, 0, 20), sheet(1, 40)), poster=PosterChoice(frames=(10, 50))
    )
    for name, frame in (("sprite-000.jpg", 0), ("sprite-001.jpg", 40)):
        job.put(job.keys.snapshot_part(name), name.encode(), frame=str(frame))
    for width in (160, 64):
        key = job.keys.snapshot_part(f"poster-{width}.jpg")
        job.put(key, b"poster", frame="10", blurhash="L00000")

    result = job.assemble()

    made = [(one.kind, one.key.rsplit("/", 1)[1], one.blurhash) for one in result.snapshots]
    assert made == [
        ("sprite", "sprite-000.jpg", None),
        ("sprite", "sprite-001.jpg", None),
        ("poster", "poster-160.jpg", "L00000"),
        ("poster", "poster-64.jpg", "L00000"),
        ("thumbnails", "sprite.vtt", None),
    ]
    assert result.snapshots[0].width == 128
    listed = store.s3.get_object(Bucket=store.bucket, Key=job.keys.snapshot("sprite.vtt"))
    assert listed["ContentType"] == "text/vtt"
    assert len(listed["Body"].read()) == result.snapshots[-1].size_bytes
    assert job.assemble() == result


def test_a_poster_of_a_frame_nobody_asked_for_is_refused(store: MediaStore) -> None:
    job = pictures_job(store, poster=PosterChoice(frames=(10, 50)))
    for width in (160, 64):
        job.put(job.keys.snapshot_part(f"poster-{width}.jpg"), b"poster", frame="51")
    with pytest.raises(PartMismatch, match="the poster of width 160 shows frame '51'"):
        job.assemble()


def test_the_list_of_thumbnails_covers_the_video_once() -> None:
    sheets = (sheet(0, 0, 20), sheet(1, 40))
    snapshots = Snapshots(frames=(), sizes=SIZES, format="webp", batch_size=1, sheets=sheets)
    assert webvtt(make_plan(job_id=JOB, snapshots=snapshots), sheets) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:00.667\nsprite-000.webp#xywh=0,0,64,36\n\n"
        "00:00:00.667 --> 00:00:01.335\nsprite-000.webp#xywh=64,0,64,36\n\n"
        "00:00:01.335 --> 00:00:02.002\nsprite-001.webp#xywh=0,0,64,36\n"
    )
