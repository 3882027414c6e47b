"""When pictures of a live stream are wanted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.errors import InvalidRequest
from functions.shared.job import parse_input
from functions.shared.request.live import LiveRequest

SOURCE = "https://media.example.com/live.m3u8"


def moments_s(**live: Any) -> tuple[float, ...]:
    asked = parse_input({"source": SOURCE, "live": live}).live
    assert isinstance(asked, LiveRequest)
    return asked.moments_s


def test_a_count_is_spread_evenly_and_begins_at_once() -> None:
    assert moments_s(count=4, period_s=60) == (0, 15, 30, 45)


def test_given_moments_are_put_in_order_and_come_once() -> None:
    assert moments_s(at_s=[5, 0.25, 5, 3]) == (0.25, 3, 5)


@given(count=st.integers(1, 500), period_s=st.floats(1, 21_600), seed=st.integers())
def test_moments_by_chance_are_the_same_for_the_same_seed(
    count: int, period_s: float, seed: int
) -> None:
    asked = {"count": count, "period_s": period_s, "seed": seed}
    first = moments_s(random=asked)
    assert first == moments_s(random=asked)
    assert list(first) == sorted(first)
    assert first[0] >= 0
    assert first[-1] <= round(period_s, 3)
    assert len(first) <= count


def test_another_seed_gives_other_moments() -> None:
    asked = {"count": 5, "period_s": 60}
    assert moments_s(random={**asked, "seed": 1}) != moments_s(random={**asked, "seed": 2})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"live": {}}, "say when by one of count, at_s, random; this has none"),
        ({"live": {"count": 2, "period_s": 9, "at_s": [1]}}, "this has count and at_s"),
        ({"live": {"count": 2}}, "count and period_s belong together"),
        ({"live": {"at_s": [1], "period_s": 5}}, "count and period_s belong together"),
        ({"live": {"at_s": [21_601]}}, "live.at_s.0"),
        ({"live": {"count": 501, "period_s": 60}}, "live.count"),
        ({"live": {"at_s": [1], "wait_s": 3601}}, "live.wait_s"),
        ({"live": {"at_s": [1]}, "snapshots": {"count": 1}}, "live stands alone: leave out snap"),
        ({"live": {"at_s": [1]}, "source": "s3://bucket/key"}, "a live stream is an https source"),
    ],
)
def test_a_faulty_request_is_refused_with_the_field(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_input({"source": SOURCE, **fields})
    assert said in str(refused.value)
