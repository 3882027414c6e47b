"""The turn protocol against random histories; `make model` plays ten thousand of them."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.model.histories import CHOICES, choices_of, first_broken, no_pauses
from tests.model.history import MOST, History
from tests.model.mutations import MUTATIONS, Mutation, without_lane_head
from tests.model.shrink import broken, shrink

_INTERESTING = (
    "job COMPLETE",
    "job FAILED",
    "job CANCELLED",
    "granted again",
    "taken back",
    "reopened",
    "TurnLost",
    "JobEnded",
    "CancelRefused",
    "already claimed",
    "answer taken, reply lost",
    "ceiling lowered",
    "conflict",
    "crash after",
    "crash before",
    "lost",
    "dead letter",
    "die waiting",
    "event again",
    "late event",
    "invoke beside",
    "redrive",
)


@pytest.fixture(scope="module", autouse=True)
def _no_pauses() -> Iterator[None]:
    with no_pauses():
        yield


@pytest.mark.aws("ddb-transaction")
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.integers(0, MOST - 1), min_size=CHOICES // 2, max_size=CHOICES * 3 // 2))
def test_no_history_breaks_a_promise(choices: list[int]) -> None:
    History(choices).play()


def test_histories_meet_every_kind_of_trouble() -> None:
    seen: Counter[str] = Counter()
    found = first_broken(range(200), seen)
    assert found is None, found
    assert [kind for kind in _INTERESTING if not seen[kind]] == []


def test_a_history_repeats_itself() -> None:
    traces = []
    for _ in range(2):
        history = History(choices_of(7))
        history.play()
        traces.append(history.trace)
    assert traces[0] == traces[1]
    assert len(traces[0]) > 50


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_a_planted_bug_is_found(mutate: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch)
    assert first_broken(range(3000), Counter()) is not None


def test_a_broken_history_is_cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    without_lane_head(monkeypatch)
    found = first_broken(range(500), Counter())
    assert found is not None
    short = shrink(choices_of(found[0]))
    assert len(short) < CHOICES // 2
    assert str(broken(short)) == str(found[1])
