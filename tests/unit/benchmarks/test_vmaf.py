from benchmarks.vmaf import around, joined, lowest, mean, spread


def test_a_short_clip_is_compared_whole() -> None:
    assert spread(300, 30, 600) == [(0, 300)]


def test_of_a_long_one_seconds_spread_over_all_of_it() -> None:
    windows = spread(9000, 30, 600)

    assert windows[0] == (0, 30)
    assert sum(end - start for start, end in windows) == 600
    assert windows[-1][1] > 8500


def test_a_window_ends_with_the_clip() -> None:
    assert spread(91, 30, 60)[-1] == (60, 90)
    assert spread(75, 30, 60)[-1] == (60, 75)
    assert around([10, 295], 30, 300) == [(0, 40), (265, 300)]


def test_windows_that_meet_become_one() -> None:
    assert joined([(90, 150), (0, 30), (20, 60), (60, 90), (200, 210)]) == [(0, 150), (200, 210)]


def test_the_mean_is_of_its_windows_alone() -> None:
    assert mean({0: 90.0, 1: 100.0, 5: 0.0}, [(0, 2)]) == 95


def test_the_worst_frame_is_of_the_windows_alone() -> None:
    assert lowest({3: 10.0, 4: 95.0, 5: 80.0, 6: 60.0}, [(4, 6)]) == 80
    assert lowest({4: 95.0}, []) is None
