"""Where a clock is set anew, and what the pieces' times become."""

from collections.abc import Iterable
from fractions import Fraction

import pytest

from functions.plan_render.source.runs import Follower, Run, Seen, epochs, shifts

FRAME_S = Fraction(1, 25)
PACKET_S = Fraction(1, 50)


def spread(start_s: float, end_s: float, step_s: Fraction) -> list[Fraction]:
    count = round((Fraction(str(end_s)) - Fraction(str(start_s))) / step_s)
    return [Fraction(str(start_s)) + number * step_s for number in range(count)]


def followed(times: Iterable[Fraction], step_s: Fraction, places: Iterable[int]) -> Follower:
    follower = Follower()
    for number, (time, place) in enumerate(zip(times, places, strict=True)):
        follower.see(Seen(place, number, time, time, step_s))
    follower.end()
    return follower


def runs(video: list[list[float]], audio: list[list[float]]) -> dict[str, list[Run]]:
    """Of pieces in a row, each [start, end) in seconds; two packets of sound a frame."""
    pictures = [time for piece in video for time in spread(piece[0], piece[1], FRAME_S)]
    sound = [time for piece in audio for time in spread(piece[0], piece[1], PACKET_S)]
    return {
        "video": followed(pictures, FRAME_S, range(0, 3 * len(pictures), 3)).runs,
        "audio": followed(sound, PACKET_S, [n // 2 * 3 + 1 for n in range(len(sound))]).runs,
    }


def shifted(found: dict[str, list[Run]]) -> list[float]:
    return [float(shift) for shift in shifts(epochs(found))]


def test_times_that_go_on_are_one_epoch() -> None:
    assert shifted(runs([[1.4, 11.4]], [[1.4, 11.4]])) == [-1.4]


@pytest.mark.parametrize("second_s", [0, 1.4, 5, 61, 95_000])
def test_times_that_start_anew_follow_the_pictures(second_s: float) -> None:
    pieces = [[40, 50], [second_s, second_s + 8]]
    assert shifted(runs(pieces, pieces)) == pytest.approx([-40, 10 - second_s])


def test_many_short_pieces() -> None:
    pieces = [[0, 2]] * 12
    assert shifted(runs(pieces, pieces)) == [2 * number for number in range(12)]


def test_sound_that_begins_a_little_later_keeps_its_distance() -> None:
    found = runs([[0, 10], [0, 10]], [[0.1, 10.06], [0.1, 10.06]])
    assert shifted(found) == [0, 10]


def test_sound_that_goes_on_long_after_its_pictures_is_kept() -> None:
    assert shifted(runs([[0, 10], [0, 10]], [[0, 13], [0, 10]])) == [0, 12.75]


def test_a_piece_without_sound() -> None:
    found = runs([[0, 10], [0, 4], [0, 10]], [[0, 10]])
    found["audio"].append(
        Run(place=3 * 350, first=500, start_s=Fraction(0), end_s=Fraction(10), last_s=Fraction(10))
    )
    assert shifted(found) == [0, 10, 14]
    assert [sorted(epoch.runs) for epoch in epochs(found)] == [
        ["audio", "video"],
        ["video"],
        ["audio", "video"],
    ]


@pytest.mark.parametrize("paused", ["video", "audio"])
def test_a_pause_of_one_stream_stays_a_pause(paused: str) -> None:
    pieces, whole = [[0, 10], [50, 60]], [[0, 60]]
    found = runs(pieces, whole) if paused == "video" else runs(whole, pieces)
    assert shifted(found) == [0]


def test_a_pause_of_both_streams_under_ten_seconds_stays() -> None:
    pieces = [[0, 10], [19, 30]]
    assert shifted(runs(pieces, pieces)) == [0]


def test_a_leap_of_both_streams_is_closed() -> None:
    pieces = [[0, 10], [21, 30]]
    assert shifted(runs(pieces, pieces)) == [0, -11]


def test_a_step_back_of_the_sound_alone_changes_nothing() -> None:
    assert shifted(runs([[0, 30]], [[0, 10], [9.5, 30]])) == [0]


def test_a_damaged_time_is_a_stray_and_no_new_clock() -> None:
    times = spread(0, 10, FRAME_S)
    times[100], times[101], times[200] = Fraction(9_000), Fraction(9_001), Fraction(1)
    follower = followed(times, FRAME_S, range(len(times)))
    assert len(follower.runs) == 1
    assert follower.strays == {100, 101, 200}


def test_the_last_packets_are_a_run_however_few() -> None:
    follower = followed([*spread(5, 10, FRAME_S), Fraction(0)], FRAME_S, range(126))
    assert [run.packets for run in follower.runs] == [125, 1]
    assert not follower.strays
