"""The clearest scene changes are kept."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.scenes import Scene, clearest

scenes = st.lists(
    st.builds(Scene, frame=st.integers(0, 300), score=st.integers(10, 100).map(float)),
    unique_by=lambda scene: scene.frame,
)


def test_a_clearer_one_nearby_hides_another() -> None:
    found = [Scene(frame=f, score=s) for f, s in ((10, 20), (15, 40), (30, 12), (60, 90))]
    assert [one.frame for one in clearest(found, 10, 10)] == [15, 30, 60]
    assert [one.frame for one in clearest(found, 2, 10)] == [15, 60]


@given(found=scenes, most=st.integers(1, 20), gap=st.integers(0, 50))
def test_they_keep_their_distance_and_are_in_order(found: list[Scene], most: int, gap: int) -> None:
    kept = [one.frame for one in clearest(found, most, gap)]
    assert len(kept) <= most
    assert all(b - a >= max(1, gap) for a, b in pairwise(kept))
    if found:
        best = max(found, key=lambda one: (one.score, -one.frame))
        assert best.frame in kept
    if len(kept) < min(most, len(found)):
        left = {one.frame for one in found} - set(kept)
        assert all(any(abs(frame - other) < gap for other in kept) for frame in left)
