"""Times under a contact sheet's pictures."""

import pytest

from functions.take_snapshots.labels import clock, label


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00"), (59.99, "00:59"), (61.5, "01:01"), (3600, "1:00:00"), (36_000, "10:00:00")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_label_is_drawn_in_the_middle_and_as_large_as_it_fits() -> None:
    samples = label("1:1", 80, 20)
    rows = [samples[i : i + 80] for i in range(0, len(samples), 80)]
    inked = [x for row in rows for x, sample in enumerate(row) if sample]
    assert len(rows) == 20
    assert [any(row) for row in rows] == [False] * 3 + [True] * 14 + [False] * 3
    assert min(inked) + max(inked) == pytest.approx(79, abs=4)
    assert rows[3] != rows[8]


@pytest.mark.parametrize("size", [(4, 2), (1, 1), (30, 7)])
def test_a_label_that_does_not_fit_is_cut_off(size: tuple[int, int]) -> None:
    assert len(label("10:00:00", *size)) == size[0] * size[1]
