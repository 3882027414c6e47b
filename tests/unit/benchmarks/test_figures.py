"""What a load measures, from runs whose figures are known."""

from dataclasses import replace

import pytest

from benchmarks.load.figures import Spread, figures, grant_latencies, spread
from tests.unit.benchmarks.runs import good_run, trace


def test_the_end_that_made_room_is_paired_with_the_start_it_made_room_for() -> None:
    # Two at once. a ends at 4: c may go. b ends at 6: d may go.
    run = good_run(
        ("a", None, 0, 4), ("b", None, 0, 6), ("c", None, 4.2, 9), ("d", None, 6.5, 9), ceiling=2
    )
    assert grant_latencies(run) == pytest.approx([0.2, 0.5])


def test_a_job_behind_another_of_its_key_waits_for_that_ones_end() -> None:
    # There was room all the time, but not for c.
    run = good_run(("a", "k", 0, 4), ("c", "k", 4.1, 5), ceiling=2)
    assert grant_latencies(run) == pytest.approx([0.1])


def test_a_job_that_found_room_when_it_asked_is_not_counted() -> None:
    run = good_run(("a", None, 0, 4), ("b", None, 9, 10), ceiling=1)
    late = [run.traces[0], trace("b", waiting=8, woken=9)]
    assert grant_latencies(replace(run, traces=late)) == []


def test_repeats_are_not_taken_for_renders() -> None:
    run = good_run(("a", None, 0, 30))
    run = replace(run, traces=[*run.traces, trace("a", 1, None)])
    found = figures(run)
    assert (found.transitions, found.transitions_of_repeats) == (
        Spread(1, 14, 14, 14),
        Spread(1, 14, 14, 14),
    )
    assert found.jobs_per_minute == 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([3], Spread(1, 3, 3, 3)),
        (list(range(100, 0, -1)), Spread(100, 50, 95, 100)),
    ],
)
def test_percentiles_are_values_that_were_measured(
    values: list[float], expected: Spread | None
) -> None:
    assert spread(values) == expected


def test_a_run_in_which_nothing_had_a_turn_has_figures_all_the_same() -> None:
    found = figures(good_run())
    assert (found.jobs_per_minute, found.grant_latency_s, found.turn_s) == (0, None, None)
