"""Progress is what lies in the store, against the plan."""

from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import ScenePart, SceneSearch, Snapshots
from functions.shared.progress import Progress, count
from tests.unit.assemble_render.jobs import FRAMES, JOB, SOUND, make_plan


def put(store: MediaStore, *keys: str) -> None:
    for key in keys:
        store.write(key, b"x", "application/octet-stream")


def test_without_a_plan_nothing_is_known(store: MediaStore) -> None:
    put(store, Keys(JOB).source)
    assert count(store, JOB) == Progress()


def test_parts_are_counted_by_kind_and_the_copied_source_is_none(store: MediaStore) -> None:
    store.write_plan(make_plan())
    keys = Keys(JOB)
    put(store, keys.source, keys.chunk("90p", 0), keys.chunk("90p", 1), keys.chunk("72p", 0))
    put(store, keys.audio(SOUND.file_name), keys.snapshot_part("00000-160.jpg"))
    put(store, Keys(f"{JOB}0").chunk("90p", 0))
    counted = count(store, JOB)
    assert counted == Progress(
        chunks_done=3,
        chunks_total=6,
        snapshots_done=1,
        snapshots_total=4,
        sounds_done=1,
        sounds_total=1,
        duration_s=FRAMES * 1001 / 30_000,
    )
    assert (counted.done, counted.total) == (5, 11)


def test_more_parts_than_planned_are_not_more_than_all(store: MediaStore) -> None:
    """A job started again may be planned in fewer chunks than before."""
    store.write_plan(make_plan())
    put(store, *(Keys(JOB).chunk("90p", number) for number in range(9)))
    assert count(store, JOB).chunks_done == 6


def test_scene_changes_are_counted_by_their_lists_not_by_their_pictures(store: MediaStore) -> None:
    parts = (
        ScenePart(index=0, start_frame=0, end_frame=30),
        ScenePart(index=1, start_frame=30, end_frame=FRAMES),
    )
    search = SceneSearch(most=9, threshold=10, min_gap_frames=1, keys_only=False, parts=parts)
    pictures = Snapshots(frames=(), sizes=((160, 90),), format="jpeg", batch_size=8, scenes=search)
    store.write_plan(make_plan(snapshots=pictures))
    keys = Keys(JOB)
    put(store, keys.scene_part("00005-160.jpg"), keys.scene_part("00025-160.jpg"))
    put(store, keys.scene_list(0), keys.chunk("90p", 0))
    counted = count(store, JOB)
    assert (counted.chunks_done, counted.snapshots_done, counted.snapshots_total) == (1, 1, 2)
