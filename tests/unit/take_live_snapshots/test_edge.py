"""Which frame of which segment was live at a moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.hls import Piece, Segment
from functions.take_live_snapshots.edge import Edge


def segment(sequence: int, duration_s: float = 2, *, is_gap: bool = False) -> Segment:
    return Segment(Piece(f"https://live.test/{sequence}.ts"), sequence, duration_s, is_gap=is_gap)


EDGE = Edge((segment(7), segment(8), segment(9)), seen_at_s=106)
"""7 from 100, 8 from 102, 9 from 104 to 106."""


@pytest.mark.parametrize(
    ("at_s", "sequence", "position_s", "live_at_s"),
    [
        (105.5, 9, 1.5, 105.5),
        (104, 9, 0, 104),
        (103, 8, 1, 103),
        (106, 9, None, 106),
        (200, 9, None, 106),
        (99, 7, 0, 100),
    ],
)
def test_a_moment_is_in_the_segment_that_was_being_made_then(
    at_s: float, sequence: int, position_s: float | None, live_at_s: float
) -> None:
    best = EDGE.places(at_s)[0]
    assert (best.segment.sequence, best.position_s, best.live_at_s) == (
        sequence,
        position_s,
        live_at_s,
    )


def test_before_a_gap_the_last_frame_counts() -> None:
    edge = Edge((segment(7), segment(8, is_gap=True), segment(9)), seen_at_s=106)
    best = edge.places(103)[0]
    assert (best.segment.sequence, best.position_s, best.live_at_s) == (7, None, 102)


def test_where_nothing_is_there_nothing_is_tried() -> None:
    assert Edge((), 106).places(105) == []
    assert Edge((segment(1, is_gap=True),), 106).places(105) == []


durations = st.lists(st.floats(0.01, 20), min_size=1, max_size=9)


@given(durations=durations, gaps=st.sets(st.integers(0, 8)), at_s=st.floats(0, 300))
def test_a_place_is_never_a_gap_and_never_after_the_moment_but_for_what_has_left(
    durations: list[float], gaps: set[int], at_s: float
) -> None:
    made = [segment(n, length, is_gap=n in gaps) for n, length in enumerate(durations)]
    edge = Edge(tuple(made), seen_at_s=200)
    oldest_s = 200 - sum(durations[min(set(range(len(made))) - gaps, default=0) :])
    for place in edge.places(at_s):
        assert not place.segment.is_gap
        assert place.position_s is None or 0 <= place.position_s <= place.segment.duration_s
        assert place.live_at_s <= max(at_s, oldest_s) + 1e-6
