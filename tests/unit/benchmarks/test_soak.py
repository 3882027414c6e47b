"""A soak sees what is lost, what is left and what grows, and nothing where all went well."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.load.evidence import Evidence
from benchmarks.load.sources import Broken, Clip
from benchmarks.soak.census import Census
from benchmarks.soak.faults import ChancyWire, outcomes
from benchmarks.soak.growth import Series
from benchmarks.soak.kinds import Messages
from benchmarks.soak.promises import Disturbed, broken_promises, growths, left_behind, series
from functions.shared.job import parse_request
from tests.integration.faulty_wire import passed_on
from tests.unit.benchmarks.runs import good_run, message, with_row, with_sent

ALONE = Disturbed({}, frozenset())
REST = Census(
    ended=0,
    engine_mb=400.0,
    worker_mb=37.0,
    workers=20,
    others=0,
    threads=90,
    handles=200,
    temporary=20,
    rows=(),
    counters=30,
    objects=(),
    uploads=(),
    messages=0,
)


@pytest.fixture
def run() -> Evidence:
    """Two at once, and one of them behind the other in its lane."""
    return good_run(("a", "k", 0, 4), ("b", None, 1, 5), ("c", "k", 4, 8))


def ended_as(run: Evidence, job_id: str, status: str, name: str) -> Evidence:
    """With a job that was broken off, and has nothing to show."""
    error = {"name": name, "message": "It was."}
    run = with_row(run, job_id, status=status, error=error)
    results = {key: told for key, told in run.results.items() if key != job_id}
    return replace(run, results=results, published={**run.published, job_id: []})


def test_a_round_that_went_well_breaks_nothing(run: Evidence) -> None:
    assert broken_promises(run, ALONE) == []


def test_a_job_that_is_lost_is_seen(run: Evidence) -> None:
    (line,) = broken_promises(with_sent(run, message("gone")), ALONE)
    assert line.startswith("Lost: gone ")


def test_a_job_that_never_ends_is_seen(run: Evidence) -> None:
    waiting = {"status": "WAITING", "request": "{}", "attempts": 0}
    run = replace(with_sent(run, message("d")), rows={**run.rows, "d": waiting})
    (line,) = broken_promises(run, ALONE)
    assert line.startswith("Stuck: d ")


@pytest.mark.parametrize("answered", [True, None])
def test_a_job_that_was_cancelled_may_be_so(run: Evidence, answered: bool | None) -> None:  # noqa: FBT001
    run = ended_as(run, "b", "CANCELLED", "JobCancelled")
    assert broken_promises(run, Disturbed({"b": answered}, frozenset())) == []
    assert broken_promises(run, ALONE)


def test_a_job_that_was_said_to_be_cancelled_is_not_complete(run: Evidence) -> None:
    assert broken_promises(run, Disturbed({"b": None}, frozenset())) == []
    found = broken_promises(run, Disturbed({"b": True}, frozenset()))
    assert found[0].startswith("Wrong end: b ")


def test_a_cancelled_job_that_has_published_is_seen(run: Evidence) -> None:
    run = ended_as(run, "b", "CANCELLED", "JobCancelled")
    run = replace(run, published={**run.published, "b": ["jobs/b/out/video.mp4"]})
    (line,) = broken_promises(run, Disturbed({"b": True}, frozenset()))
    assert line == "Once: b (CANCELLED) has published files."


def test_only_what_had_not_ended_may_have_failed_of_the_engines_stop(run: Evidence) -> None:
    run = ended_as(run, "b", "FAILED", "EmbeddedAwsStopped")
    assert broken_promises(run, Disturbed({}, {"b"})) == []
    (line, *_) = broken_promises(run, Disturbed({}, {"a"}))
    assert line.startswith("Wrong end: b ")


def test_jobs_that_were_started_are_ordered_by_their_claims() -> None:
    run = good_run(("late", "start-k", 4, 8), ("soon", "start-k", 0, 4))
    assert any(line.startswith("Order: ") for line in broken_promises(run, ALONE))
    claimed = with_row(with_row(run, "late", sequence=2), "soon", sequence=1)
    assert broken_promises(claimed, ALONE) == []
    swapped = with_row(with_row(run, "late", sequence=1), "soon", sequence=2)
    assert any(line.startswith("Order: ") for line in broken_promises(swapped, ALONE))


def test_a_job_of_another_kind_need_not_list_all_its_files(run: Evidence) -> None:
    files = [*run.published["b"], "jobs/b/out/film/master.m3u8"]
    run = replace(run, published={**run.published, "b": files})
    assert len(broken_promises(run, ALONE)) == 1
    varied = [
        replace(one, message=replace(one.message, kind="varied")) if one.job_id == "b" else one
        for one in run.sent
    ]
    assert broken_promises(replace(run, sent=varied), ALONE) == []


LEAKS: dict[str, dict[str, Any]] = {
    "2 rows belong to no job: job a, turn of a": {"rows": ("turn of a", "job a")},
    "1 objects belong to no job: parts/a/receipts/x": {"objects": ("parts/a/receipts/x",)},
    "1 multipart uploads belong to no job: jobs/a": {"uploads": ("jobs/a",)},
    "31 lanes keep a count": {"counters": 31},
    "3 processes run beside": {"others": 3},
    "the queues hold 1 messages": {"messages": 1},
}


def test_where_nothing_is_left_nothing_is_said() -> None:
    assert list(left_behind(REST)) == []


@pytest.mark.parametrize(("said", "leak"), LEAKS.items(), ids=LEAKS)
def test_what_is_left_is_seen(said: str, leak: dict[str, Any]) -> None:
    (line,) = left_behind(replace(REST, **leak))
    assert line.startswith("Left: ")
    assert said in line


def rests(**grows: float) -> list[Census]:
    """Twelve moments of rest, 30 jobs apart, whose figures are noisy and grow by so much a job."""
    draw = random.Random(7)  # noqa: S311
    found = []
    for number in range(12):
        jobs = 30 * number
        noisy: dict[str, Any] = {
            "ended": jobs,
            "engine_mb": 400 + 4 * draw.random(),
            "worker_mb": 37 + draw.random(),
            "workers": 20 + draw.randint(-5, 5),
            "threads": 90 + draw.randint(-12, 12),
            "handles": 200 + draw.randint(-15, 15),
        }
        noisy["temporary"] = noisy["workers"] + draw.randint(0, 1)
        for name, by in grows.items():
            noisy[name] += type(noisy[name])(by * jobs)
        found.append(replace(REST, **noisy))
    return found


def test_what_only_sways_does_not_grow() -> None:
    assert growths(series(rests())) == []


@pytest.mark.parametrize(
    ("name", "by", "said"),
    [
        ("engine_mb", 0.4, "engine memory grew by 1"),
        ("worker_mb", 0.05, "memory of a function grew by 1"),
        ("workers", 0.1, "functions' processes grew by 3"),
        ("threads", 0.4, "engine threads grew by"),
        ("handles", 0.6, "engine open files grew by"),
        ("temporary", 0.1, "temporary files grew by 3"),
    ],
)
def test_a_leak_is_seen(name: str, by: float, said: str) -> None:
    grows = {name: by, "temporary": by} if name == "workers" else {name: by}
    (line,) = growths(series(rests(**grows)))
    assert line.startswith("Growth: ")
    assert said in line


def test_one_point_that_is_far_off_is_no_growth() -> None:
    found = rests()
    found[-1] = replace(found[-1], engine_mb=900.0, worker_mb=300.0)
    assert growths(series(found)) == []


def test_too_few_points_are_no_proof() -> None:
    measured = series(rests()[:3])
    said = growths(measured)
    assert len(said) == len(measured)
    assert all(line.startswith("Unknown: ") for line in said)


def test_a_slope_is_by_a_job() -> None:
    grown = Series("x", "MB", [0, 100, 200, 400], [1, 3, 5, 9], noise=7.9)
    assert (grown.slope, grown.grown) == (pytest.approx(0.02), pytest.approx(8.0))
    assert grown.growth() is not None
    assert replace(grown, noise=8.1).growth() is None


CLIPS = [Clip("one", 15, "s3://media/uploads/one.mp4"), Clip("two", 25, "s3://media/uploads/b.mp4")]
BROKEN = [Broken("SourceEmpty", "SourceEmpty", "s3://media/uploads/empty.mp4")]


def supply(seed: int, count: int = 300) -> list[Any]:
    messages = Messages(random.Random(seed), "soak-1", CLIPS, BROKEN)  # noqa: S311
    return [messages.next() for _ in range(count)]


def test_a_seed_gives_the_same_jobs_of_all_kinds_again() -> None:
    assert supply(1) == supply(1) != supply(2)
    kinds = Counter(one.kind for one in supply(1))
    assert set(kinds) == {"render", "varied", "failing", "poison"}
    assert kinds["render"] > kinds["varied"] > kinds["failing"] > 5


def test_all_but_poison_are_good_requests() -> None:
    for one in supply(3):
        if one.kind != "poison":
            assert parse_request(one.body).job_id == one.job_id


def test_the_wire_disturbs_its_share_and_no_more() -> None:
    wire = ChancyWire("http://127.0.0.1:1", random.Random(1), 0.1)  # noqa: S311
    call: Any = type("Call", (), {"name": "PUT", "is_s3": True})()
    met = [wire.outcome(call) for _ in range(2000)]
    assert 150 < wire.met < 250
    assert sum(one is not passed_on for one in met) == wire.met
    assert set(met) - {passed_on} == set(outcomes("PUT", is_s3=True))
