"""Which frames are taken, by each way to say when, and what is made of many."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.plan_render.moments import random_frames
from functions.shared.errors import InvalidRequest
from functions.shared.job import parse_input
from functions.shared.plan import PictureBatch, PosterChoice, ScenePart, Sheet, Snapshots
from functions.shared.request.snapshot import RandomMoments
from tests.unit.plan_render.test_plan import plan, probe


def taken(length_s: int = 60, width: int = 1920, height: int = 1080, **wanted: Any) -> Snapshots:
    """Of a source of 30 frames a second."""
    found = probe(length_s=Fraction(length_s), width=width, height=height)
    made = plan(found, snapshots=wanted).snapshots
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("wanted", "frames"),
    [
        ({"at_percent": [50, 0, 100, 99.99, 50]}, (900, 0, 1799)),
        ({"at_s": [4.8, 0.3]}, (144, 9)),
        ({"every_s": 0.3, "widths": [64]}, tuple(range(0, 1800, 9))),
        ({"random": {"count": 3, "seed": 7}}, (271, 582, 1170)),
        ({"scenes": {}}, ()),
        ({"poster": {}}, ()),
    ],
    ids=str,
)
def test_frames(wanted: dict[str, Any], frames: tuple[int, ...]) -> None:
    assert taken(**wanted).frames == frames


@given(count=st.integers(1, 1000), seed=st.integers(0, 2**53 - 1), total=st.integers(1, 3000))
def test_random_frames_are_different_ones_and_the_same_for_a_seed(
    count: int, seed: int, total: int
) -> None:
    asked = RandomMoments(count=count, seed=seed)
    frames = random_frames(asked, total)
    assert len(set(frames)) == len(frames) == min(count, total)
    assert frames == sorted(frames)
    assert 0 <= frames[0] <= frames[-1] < total
    assert random_frames(asked, total) == frames


def test_another_seed_draws_other_frames() -> None:
    drawn = {tuple(random_frames(RandomMoments(count=5, seed=seed), 5000)) for seed in range(20)}
    assert len(drawn) == 20


def test_all_frames_are_drawn_about_as_often() -> None:
    drawn = [
        frame
        for seed in range(2000)
        for frame in random_frames(RandomMoments(count=2, seed=seed), 10)
    ]
    assert all(320 <= drawn.count(frame) <= 480 for frame in range(10))


@pytest.mark.parametrize(
    ("length_s", "size", "parts", "keys_only"),
    [
        (60, (1920, 1080), 1, False),
        (600, (1920, 1080), 3, False),
        (4800, (1920, 1080), 20, False),
        (5000, (1920, 1080), 20, True),
        (21_600, (320, 180), 3, False),
    ],
)
def test_scene_changes_are_looked_for_in_parts_of_bounded_cost(
    length_s: int, size: tuple[int, int], parts: int, *, keys_only: bool
) -> None:
    made = taken(length_s, *size, scenes={"most": 5, "min_gap_s": 0.5}, widths=[160])
    search = made.scenes
    assert search is not None
    assert (len(search.parts), search.keys_only) == (parts, keys_only)
    assert (search.most, search.min_gap_frames) == (5, 15)
    edges = [part.end_frame for part in search.parts]
    assert [0, *edges] == [*(part.start_frame for part in search.parts), 30 * length_s]
    assert made.batch_count == made.file_count == parts


def test_notes_say_what_is_less_exact() -> None:
    long = probe(length_s=Fraction(7200), width=3840, height=2160)
    whole = plan(long, snapshots={"scenes": {}, "sprite": {"count": 100}})
    assert [note.split(":")[0] for note in whole.notes] == [
        "Scene changes were looked for among key frames only",
        "The sheets' pictures are the nearest key frames before their times",
    ]
    asked = {"sprite": {"count": 100}, "accuracy": "keyframe"}
    assert plan(long, snapshots=asked).notes == ()


def test_a_sprite_has_as_many_sheets_as_it_takes() -> None:
    made = taken(60, sprite={"every_s": 2, "width": 100, "columns": 4, "rows": 3})
    assert [sheet.name for sheet in made.sheets] == ["sprite-000", "sprite-001", "sprite-002"]
    assert [len(sheet.frames) for sheet in made.sheets] == [12, 12, 6]
    assert [(sheet.columns, sheet.rows) for sheet in made.sheets] == [(4, 3), (4, 3), (4, 2)]
    assert {sheet.tile for sheet in made.sheets} == {(100, 56)}
    starts = [start for sheet in made.sheets for start in sheet.starts]
    assert starts == list(range(0, 1800, 60))


def test_a_counted_sprite_shows_the_middle_of_what_each_thumbnail_stands_for() -> None:
    [sheet] = taken(60, sprite={"count": 3}).sheets
    assert (sheet.starts, sheet.frames) == ((0, 600, 1200), (300, 900, 1500))
    assert (sheet.columns, sheet.rows) == (3, 1)


def test_a_contact_sheet_leaves_room_for_its_times() -> None:
    [sheet] = taken(60, contact_sheet={"columns": 2, "rows": 2, "width": 180}).sheets
    assert (sheet.size, sheet.label_height) == ((360, 244), 20)
    [bare] = taken(60, contact_sheet={"columns": 2, "rows": 2, "width": 180, "times": False}).sheets
    assert bare.size == (360, 204)


def test_a_tile_is_never_larger_than_the_picture() -> None:
    [sheet] = taken(60, width=101, height=57, sprite={"count": 4, "width": 640}).sheets
    assert sheet.tile == (100, 56)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"sprite": {"every_s": 0.1, "columns": 50, "rows": 50, "width": 640}}, r"sprite: 50 x 50"),
        ({"contact_sheet": {"columns": 20, "rows": 20, "width": 640}}, r"contact_sheet: 20 x 20"),
    ],
)
def test_a_sheet_that_is_too_large_is_refused(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        taken(60, **wanted)


def test_too_many_thumbnails_are_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"sprite.every_s: 0.1 s over 600.0 s are 6000"):
        taken(600, sprite={"every_s": 0.1})


def test_each_batch_is_one_piece_of_work() -> None:
    made = taken(
        600,
        scenes={},
        widths=[64, 128],
        sprite={"count": 101, "columns": 10, "rows": 10},
        contact_sheet={},
        poster={"best_of": 3},
    )
    kinds = [type(task) for task in made.tasks]
    assert kinds == [ScenePart] * 3 + [Sheet] * 3 + [PosterChoice]
    assert made.file_count == 3 + 3 + 2
    pictures = taken(60, count=9, widths=[64, 128])
    assert [type(task) for task in pictures.tasks] == [PictureBatch, PictureBatch]
    assert pictures.file_count == 18


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"count": 2, "scenes": {}}, "this has count and scenes"),
        ({"blurhash": True}, "this has none"),
        ({"count": 1, "format": "png", "quality": 5}, "quality is of jpeg"),
        ({"count": 1, "format": "webp", "quality": 5, "lossless": True}, "quality is of jpeg"),
        ({"count": 1, "format": "avif", "lossless": True}, "lossless is of webp"),
        ({"sprite": {}}, "snapshots.sprite: say when by one of every_s and count"),
        ({"at_percent": [101]}, "snapshots.at_percent.0"),
    ],
)
def test_requests_that_cannot_be(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        parse_input({"source": "s3://bucket/key", "snapshots": wanted})
