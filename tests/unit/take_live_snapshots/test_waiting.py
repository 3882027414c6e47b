"""How long a stream is waited for, and what is said in the end. Time is told, not passed."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from functions.shared.errors import (
    ReelwrightError,
    SourceNotMedia,
    SourceUnreachable,
    StreamEnded,
    StreamNotUp,
    StreamStalled,
)
from functions.shared.plan import LivePlan
from functions.shared.web import Web
from functions.take_live_snapshots.stream import Clock
from functions.take_live_snapshots.take import SILENCE_S, Call, Surroundings
from functions.take_live_snapshots.watch import Watch

SINCE_S = 1_000_000.0
PLAN = LivePlan(
    job_id="job",
    source="https://live.test/live.m3u8?token=secret",
    moments_s=(0, 60, 120, 3600),
    widths=(64,),
    format="jpeg",
    wait_s=25,
)
GONE = SourceUnreachable("The source's server answered 404.")
STALLED = StreamStalled("The stream stands still.")


@dataclass
class Written:
    """A store that keeps the record."""

    records: list[dict[str, object]] = field(default_factory=list)

    def read_any_plan(self, job_id: str) -> LivePlan:
        assert job_id == PLAN.job_id
        return PLAN

    def upload(self, key: str, file: Path, content_type: str, metadata: dict[str, str]) -> None:
        raise AssertionError((key, file, content_type, metadata))

    def write(
        self, key: str, body: bytes, content_type: str, metadata: dict[str, str] | None = None
    ) -> None:
        assert (key, content_type) == ("parts/job/live.json", "application/json")
        assert metadata is not None
        self.records.append(json.loads(body))


@pytest.fixture
def store() -> Written:
    return Written()


def call(store: Written, watch: Watch, at_s: float) -> Call:
    return Call(PLAN, watch, Surroundings(store, Web(), 1, Clock(now_s=lambda: SINCE_S + at_s)))


def again_s(at: str | None) -> float:
    assert at is not None
    return datetime.fromisoformat(at).astimezone(UTC).timestamp() - SINCE_S


LOOKING = Watch(looking_since_s=SINCE_S)
TOOK_ONE = Watch(looking_since_s=SINCE_S, started_s=SINCE_S, next_index=1)


@pytest.mark.parametrize(("at_s", "again_at_s"), [(0, 10), (7.5, 18), (20, 25)])
def test_a_stream_that_is_not_up_is_looked_for_every_ten_seconds_until_its_time_is_over(
    store: Written, at_s: float, again_at_s: float
) -> None:
    answer = call(store, LOOKING, at_s).wait_for(GONE)
    assert not answer.over
    assert again_s(answer.again_at) == again_at_s


@pytest.mark.parametrize(
    ("trouble", "named"),
    [(GONE, StreamNotUp), (STALLED, StreamStalled), (StreamNotUp("No segment."), StreamNotUp)],
)
def test_then_the_job_fails_by_what_was_seen_last(
    store: Written, trouble: ReelwrightError, named: type[ReelwrightError]
) -> None:
    with pytest.raises(named, match=str(trouble).rstrip(".")):
        call(store, LOOKING, 25).wait_for(trouble)
    assert store.records == []


def test_a_moment_without_a_picture_is_passed_over(store: Written) -> None:
    answer = call(store, TOOK_ONE, 63).wait_for(STALLED)
    assert answer.watch.missed == (1,)
    assert again_s(answer.again_at) == 120


def test_all_moments_that_passed_meanwhile_are(store: Written) -> None:
    answer = call(store, TOOK_ONE, 130).wait_for(STALLED)
    assert answer.watch.missed == (1, 2)
    assert again_s(answer.again_at) == 3600


def test_a_stream_that_was_silent_for_long_is_over(store: Written) -> None:
    silent = TOOK_ONE.model_copy(update={"silent_since_s": SINCE_S + 60})
    assert not call(store, silent, 59 + SILENCE_S).wait_for(STALLED).over

    answer = call(store, silent, 60 + SILENCE_S).wait_for(STALLED)

    assert answer.over
    assert answer.again_at is None
    [record] = store.records
    assert record["taken"] == [0]
    note = "3 of 4 pictures are missing: The stream stands still. (StreamStalled)"
    assert record["notes"] == [note]


def test_a_stream_that_ended_gives_what_was_taken(store: Written) -> None:
    ended = call(store, TOOK_ONE, 63)
    ended.over = True
    assert ended.again().over
    [record] = store.records
    note = "3 of 4 pictures are missing: The stream https://live.test/live.m3u8 has ended."
    assert record["notes"] == [f"{note} (StreamEnded)"]


def test_one_that_ended_before_a_picture_fails_its_job(store: Written) -> None:
    ended = call(store, TOOK_ONE.model_copy(update={"missed": (0,)}), 63)
    ended.over = True
    with pytest.raises(StreamEnded, match=r"live\.m3u8 has ended"):
        ended.again()


def test_the_last_moment_ends_the_watch_without_a_note(store: Written) -> None:
    answer = call(store, TOOK_ONE.model_copy(update={"next_index": 4}), 3605).again()
    assert answer.over
    [record] = store.records
    assert (record["taken"], record["notes"]) == ([0, 1, 2, 3], [])


def test_no_picture_at_all_fails_the_job_by_the_last_trouble(store: Written) -> None:
    watch = TOOK_ONE.model_copy(update={"next_index": 3, "missed": (0, 1, 2)})
    with pytest.raises(SourceNotMedia, match="can't be shown"):
        call(store, watch, 3601).wait_for(SourceNotMedia("It can't be shown."))
