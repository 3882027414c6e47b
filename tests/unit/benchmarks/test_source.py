from pathlib import Path

from benchmarks.source import Shot, cut_list, look

TWO = (Shot(Path("a.mp4"), 2), Shot(Path("b.mp4"), 3))


def test_shots_take_turns_and_the_last_is_cut_short() -> None:
    cuts = [(shot.file.name, frames) for shot, frames in cut_list(TWO, 200)]

    assert cuts == [("a.mp4", 60), ("b.mp4", 90), ("a.mp4", 50)]
    assert sum(frames for _, frames in cuts) == 200


def test_no_empty_shot_at_the_end() -> None:
    assert [frames for _, frames in cut_list(TWO, 150)] == [60, 90]


def test_a_shot_looks_otherwise_each_time_round() -> None:
    looks = [look(times, 1080) for times in range(10)]

    assert len(set(looks)) == len(looks)
    assert all("crop=1920:1080" in each for each in looks)
