import pytest

from benchmarks.jobs import STAGES, Moments, stages
from reelwright.direct import Stage

HISTORY = (
    Stage("Claim Job", "Task", 0.0, 0.2),
    Stage("Wait For Turn", "Task", 0.2, 0.5),
    Stage("Plan Render", "Task", 0.5, 1.5),
    Stage("Render Media", "Parallel", 1.6, 9.5),
    Stage("Render Audio", "Task", 1.7, 2.7),
    Stage("Assemble Render", "Task", 9.5, 10.0),
    Stage("Finish Job", "Task", 10.0, 10.4),
)


def test_a_jobs_time_is_divided_with_nothing_left() -> None:
    found = stages(Moments(called=100.0, sent=100.1, started=100.5), HISTORY)

    assert tuple(found) == STAGES
    assert found["pipe"] == pytest.approx(0.4)
    assert found["turn"] == pytest.approx(0.5)
    assert found["plan"] == pytest.approx(1.1)
    assert found["audio"] == pytest.approx(1.0)
    assert found["finish"] == pytest.approx(0.4)
    assert sum(found.values()) - found["audio"] == pytest.approx(10.9)


def test_the_execution_may_start_before_the_call_has_returned() -> None:
    found = stages(Moments(called=100.0, sent=100.1, started=100.05), HISTORY)

    assert found["submit"] == pytest.approx(0.05)
    assert found["pipe"] == 0
    assert sum(found.values()) - found["audio"] == pytest.approx(10.45)


def test_a_silent_job_has_no_audio() -> None:
    silent = [stage for stage in HISTORY if stage.name != "Render Audio"]

    assert stages(Moments(100.0, 100.1, 100.5), silent)["audio"] == 0
