"""Each check of a load sees its promise broken, and nothing in a run that went well."""

from dataclasses import replace

import pytest

from benchmarks.load.checks import broken_promises
from benchmarks.load.evidence import Evidence, Left, Sample
from tests.unit.benchmarks.runs import (
    good_run,
    message,
    result,
    row,
    sample,
    stamped,
    trace,
    with_row,
    with_sent,
)


@pytest.fixture
def run() -> Evidence:
    """Two at once, and one of them behind the other in its lane."""
    return good_run(("a", "k", 0, 4), ("b", None, 1, 5), ("c", "k", 4, 8))


def broken(run: Evidence, *words: str) -> None:
    """The run breaks one promise, and the line says what."""
    (line,) = broken_promises(run)
    assert line.endswith(".")
    for word in words:
        assert word in line


def test_a_run_that_went_well_breaks_nothing(run: Evidence) -> None:
    assert broken_promises(run) == []


def test_a_message_without_a_row_is_lost(run: Evidence) -> None:
    broken(with_sent(run, message("gone")), "Lost", "gone", "never got a row")


def test_a_job_that_has_not_ended_is_stuck(run: Evidence) -> None:
    waiting = {"status": "WAITING", "request": "{}", "attempts": 0}
    run = replace(with_sent(run, message("d")), rows={**run.rows, "d": waiting})
    broken(run, "Stuck", "d", "WAITING")


@pytest.mark.parametrize(
    ("start", "overlap"),
    [(3.999, 1), (4.0, 0)],
    ids=["a millisecond too early", "in the millisecond that made room"],
)
def test_more_at_once_than_the_ceiling_is_seen_to_the_millisecond(
    start: float, overlap: int
) -> None:
    run = good_run(("a", None, 0, 4), ("b", None, 1, 5), ("c", None, start, 8))
    found = broken_promises(run)
    assert len(found) == overlap
    for line in found:
        assert "3 jobs rendered at 2026-11-21 12:00:03.999" in line
        assert "(a, b, c)" in line


def test_the_ceiling_counts_jobs_that_failed(run: Evidence) -> None:
    failing = message("f", kind="failing", end="FAILED", error="SourceEmpty", frames={})
    error = {"name": "SourceEmpty", "message": "The source has no bytes."}
    failed = row(2, 3, status="FAILED", error=error)
    run = replace(
        with_sent(run, failing),
        rows={**run.rows, "f": failed},
        traces=[*run.traces, trace("f", 0, 2)],
    )
    broken(run, "Ceiling", "3 jobs rendered", "(a, b, f)")


def test_a_count_above_the_ceiling_is_seen_once(run: Evidence) -> None:
    run = replace(run, samples=[sample(0, 2), sample(1, 3), sample(2, 2)])
    broken(run, "Ceiling", "3 turns were counted", "12:00:01")


@pytest.mark.parametrize("what", ["turns", "running"])
def test_rows_above_the_ceiling_count_where_two_samples_agree(run: Evidence, what: str) -> None:
    def seen(second: float, ids: str) -> Sample:
        return sample(second, turns=ids) if what == "turns" else sample(second, running=ids)

    broken(replace(run, samples=[seen(1, "abc"), seen(2, "abc")]), "Ceiling", "(a, b, c)")
    # Rows are read one after another: a may have ended before d was read.
    assert broken_promises(replace(run, samples=[seen(1, "abc"), seen(2, "bcd")])) == []


def test_an_end_before_the_one_accepted_first_is_out_of_order(run: Evidence) -> None:
    run = with_row(with_row(run, "c", started_at=stamped(5)), "a", finished_at=stamped(9))
    run = replace(run, ceiling=3)
    broken(run, "Order", "of k, c ended before a")


def test_a_start_before_the_end_of_the_one_before_it_is_out_of_order(run: Evidence) -> None:
    run = replace(with_row(run, "c", started_at=stamped(3)), ceiling=3)
    broken(run, "Order", "of k, c began before a had ended")


def test_the_order_is_that_of_the_queue_and_not_of_the_ids() -> None:
    assert broken_promises(good_run(("z", "k", 0, 1), ("a", "k", 1, 2))) == []


def test_jobs_of_other_keys_may_overtake() -> None:
    assert broken_promises(good_run(("a", "k", 0, 9), ("b", "l", 1, 2))) == []


def test_a_second_delivery_that_found_its_job_claimed_is_fine(run: Evidence) -> None:
    again = message("a", "k", kind="duplicate", original="a")
    run = with_sent(run, again)
    assert broken_promises(replace(run, traces=[*run.traces, trace("a", 1, None)])) == []


def test_a_second_delivery_that_is_rendered_is_done_twice(run: Evidence) -> None:
    again = message("a", "k", kind="duplicate", original="a")
    run = with_sent(run, again)
    broken(replace(run, traces=[*run.traces, trace("a", 1, 9)]), "Once", "2 executions rendered a")
    broken(with_row(run, "a", attempts=2), "Once", "a (COMPLETE) took 2 attempts")


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["jobs/a/out/video.mp4", "jobs/a/out/other.mp4"],
        ["jobs/a/out/video.mp4", "jobs/a/out/video.mp4"],
    ],
    ids=["none", "one too many", "one twice"],
)
def test_other_files_than_the_results_are_seen(run: Evidence, keys: list[str]) -> None:
    broken(replace(run, published={**run.published, "a": keys}), "Once", "the files of a")


POISON = message("p", kind="poison", name="blank", end="REJECTED", error="InvalidRequest")
REFUSED = {
    "status": "REJECTED",
    "request": "   ",
    "error": {"name": "InvalidRequest", "message": "The message is empty."},
}


def test_poison_that_is_rejected_is_fine(run: Evidence) -> None:
    assert broken_promises(replace(with_sent(run, POISON), rows={**run.rows, "p": REFUSED})) == []


def test_poison_that_ends_otherwise_is_seen(run: Evidence) -> None:
    other = {**REFUSED, "error": {"name": "JobIdTaken", "message": "It is taken."}}
    run = replace(with_sent(run, POISON), rows={**run.rows, "p": other})
    broken(run, "Wrong end", "p (poison: blank)", "REJECTED (JobIdTaken", "InvalidRequest")


def test_poison_that_was_started_or_published_is_seen(run: Evidence) -> None:
    run = replace(with_sent(run, POISON), rows={**run.rows, "p": REFUSED})
    started = replace(run, traces=[*run.traces, trace("p", 1, None)])
    broken(started, "Refused", "an execution was started for p")
    broken(replace(run, published={**run.published, "p": ["x"]}), "Once", "p", "published files")


def test_a_job_hurt_by_another_request_under_its_id_is_seen(run: Evidence) -> None:
    broken(with_row(run, "b", request='{"order_key": "stolen"}'), "Wrong request", "b", "'stolen'")


def test_missing_frames_and_pictures_are_seen(run: Evidence) -> None:
    broken(
        replace(run, results={**run.results, "a": result("a", frames=29)}),
        *("Media", "a has the frames {'video': 29}, not {'video': 30}"),
    )
    first, *others = run.sent
    asked = replace(first, message=replace(first.message, pictures=2))
    broken(replace(run, sent=[asked, *others]), "Media", "a has 0 pictures, not 2")


def test_a_complete_job_without_its_result_is_seen(run: Evidence) -> None:
    results = {job_id: found for job_id, found in run.results.items() if job_id != "a"}
    broken(replace(run, results=results), "Media", "a is COMPLETE and has no result.json")


@pytest.mark.parametrize(
    ("left", "word"),
    [
        (Left(1, 0, (), 0), "the queue still holds 1"),
        (Left(0, 2, (), 0), "the dead-letter queue holds 2"),
        (Left(0, 0, ("a", "b"), 0), "the turns table still holds 2 (a, b)"),
        (Left(0, 0, (), 1), "the count of granted turns is 1"),
    ],
)
def test_what_is_left_over_is_seen(run: Evidence, left: Left, word: str) -> None:
    broken(replace(run, left=left), "Left", word)
