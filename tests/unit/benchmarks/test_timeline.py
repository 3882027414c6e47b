"""The picture of a run in the terminal."""

import string

from benchmarks.load.timeline import BLOCKS, LETTERS, timeline
from tests.unit.benchmarks.runs import good_run


def test_waiting_and_rendering_are_drawn_over_time() -> None:
    run = good_run(("a", "k", 0, 4), ("b", None, 2, 10), ("c", "k", 4, 6))
    assert timeline(run, LETTERS, columns=19) == [
        "         0 s   10 s",
        "k        ######    ",
        "no key   ..########",
        "at once  1122221111",
    ]


def test_a_short_render_is_not_lost_between_two_cells() -> None:
    # A cell is a second: less than half of one is told apart from more than half.
    run = good_run(("a", None, 4.8, 5.2), ("b", None, 7.2, 7.9), ("c", "k", 0, 10))
    (line,) = [line for line in timeline(run, LETTERS, columns=19) if line.startswith("no key")]
    assert line == "no key   ....++.#  "


def test_it_fits_its_columns_whatever_happened() -> None:
    jobs = [(f"job-{n}", f"key-{n % 10}", n * 12, 3600) for n in range(300)]
    for columns in (60, 100):
        lines = timeline(good_run(*jobs), BLOCKS, columns)
        assert len(lines) == 12
        assert {len(line) for line in lines} == {columns}
    # One sign a cell, however many are at once.
    signs = lines[-1].removeprefix("at once")
    assert "+" in signs
    assert set(string.ascii_uppercase) & set(signs)
    assert set(string.digits) & set(signs)


def test_a_run_in_which_nothing_had_a_turn_has_no_picture() -> None:
    assert timeline(good_run(), LETTERS) == []
