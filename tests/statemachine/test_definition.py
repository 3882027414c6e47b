"""The rules the machine's text keeps, read without running it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infrastructure.stage import Stage, task_timeout_s
from tests.statemachine.machine import ASL, states, substituted, text

ROOT = ASL.parents[1]
STATES = states(text())
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
LAMBDA = "arn:aws:states:::lambda:invoke"
WAITS = {"Wait For Turn"}
"""It has a time of its own, and does not wait a second time."""
CAUGHT = {"Plan Render": [["TurnLost"], ["States.ALL"]], "Job Failed": []}
LAST = {"Job Failed"}
"""It fails by design: its error is the job's, so it is not caught, and only Lambda's own errors are
tried again."""
CALLS = {name: task for name, task in TASKS.items() if task["Resource"].startswith(LAMBDA)}
FINAL = {
    "FfmpegFailed",
    "InvalidRequest",
    "JobEnded",
    "PartMissing",
    "Runtime.OutOfMemory",
    "SourceNotAllowed",
    "States.ALL",
    "States.TaskFailed",
    "TurnLost",
}


def retried(task: dict[str, Any]) -> dict[str, int]:
    """Attempts after the first, by error name."""
    return {error: tier["MaxAttempts"] for tier in task["Retry"] for error in tier["ErrorEquals"]}


def test_it_is_valid(tmp_path: Path) -> None:
    filled = tmp_path / "render_job.asl.json"
    filled.write_text(substituted())
    validator = ROOT / "node_modules" / ".bin" / "asl-validator"

    ended = subprocess.run(
        [validator, "--json-path", filled], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_dangling_state_would_be_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.asl.json"
    broken.write_text(substituted().replace('"Next": "Job Failed"', '"Next": "Nowhere"'))

    ended = subprocess.run(
        [ROOT / "node_modules" / ".bin" / "asl-validator", "--json-path", broken],
        capture_output=True,
        check=False,
    )

    assert ended.returncode == 1


def test_placeholders_are_quoted_whole_values() -> None:
    raw = ASL.read_text()

    assert len(re.findall(r"\$\{", raw)) == len(re.findall(r'"\$\{\w+\}"', raw))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_bounded_tried_again_and_caught(name: str) -> None:
    task = TASKS[name]

    assert 1 <= task["TimeoutSeconds"] <= (604_800 if name in WAITS else 915)
    assert task["Retry"]
    caught = [catch["ErrorEquals"] for catch in task.get("Catch", [])]
    assert caught == CAUGHT.get(name, [["States.ALL"]])


def test_all_calls_are_tried_again_alike() -> None:
    alike = [task["Retry"] for name, task in CALLS.items() if name not in WAITS | LAST]

    assert len(alike) > 6
    assert all(other == alike[0] for other in alike)


def test_waiting_is_tried_again_like_a_call_but_not_when_its_time_is_over() -> None:
    *tiers, timed_out = CALLS["Wait For Turn"]["Retry"]
    *call_tiers, call_timed_out = CALLS["Claim Job"]["Retry"]

    assert tiers == call_tiers
    assert timed_out == {**call_timed_out, "ErrorEquals": ["Sandbox.Timedout"]}


def test_the_last_state_tries_again_for_lambdas_own_errors_only() -> None:
    assert all(error.startswith("Lambda.") for error in retried(CALLS["Job Failed"]))
    assert "Lambda.Unknown" not in retried(CALLS["Job Failed"])


def test_all_records_are_tried_again_alike() -> None:
    first, *others = [task["Retry"] for name, task in TASKS.items() if name not in CALLS]

    assert all(other == first for other in others)


@pytest.mark.aws("sfn-retry")
def test_every_retry_backs_off_with_full_jitter() -> None:
    for task in TASKS.values():
        for tier in task["Retry"]:
            assert tier["JitterStrategy"] == "FULL"
            assert tier["BackoffRate"] == 2
            assert tier["MaxDelaySeconds"] <= 60


def test_a_throttled_call_waits_for_hours_and_its_history_holds_it() -> None:
    """In an account with room for 10 functions, others' chunks hold it for long."""
    tiers = [
        tier
        for task in CALLS.values()
        for tier in task["Retry"]
        if "Lambda.TooManyRequestsException" in tier["ErrorEquals"]
    ]
    assert len(tiers) == len(CALLS)
    for tier in tiers:
        assert tier["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
        # Full jitter: half of the longest wait on average.
        assert tier["MaxAttempts"] * tier["MaxDelaySeconds"] / 2 >= 3 * 3600
    side_by_side = STATES["Snapshot Batches"]["MaxConcurrency"] + 1
    # An attempt is scheduled, started and failed; a history holds 25,000 events.
    assert 3 * tiers[0]["MaxAttempts"] * side_by_side < 24_000


@pytest.mark.aws("sfn-error-names")
def test_retries_fit_their_failures() -> None:
    attempts = retried(CALLS["Render Chunk"])

    assert attempts["Lambda.TooManyRequestsException"] >= 15
    assert attempts["TransientError"] >= 3
    late = [attempts[name] for name in ("States.Timeout", "Sandbox.Timedout", "RenderTimedOut")]
    assert late == [1, 1, 1]
    for call in CALLS.values():
        assert not FINAL & set(retried(call))


@pytest.mark.parametrize(
    ("state", "function_timeout_s"),
    [
        ("Claim Job", Stage().desk_timeout_s),
        ("Plan Render", Stage().plan_timeout_s),
        ("Render Chunk", Stage().chunk_timeout_s),
        ("Render Audio", Stage().audio_timeout_s),
        ("Take Snapshots", Stage().snapshots_timeout_s),
        ("Take Live Snapshots", Stage().live_timeout_s),
        ("Assemble Render", Stage().assemble_timeout_s),
        ("Finish Job", Stage().desk_timeout_s),
        ("Finish Failed Job", Stage().desk_timeout_s),
        ("Job Failed", Stage().desk_timeout_s),
    ],
)
def test_the_text_holds_the_default_stages_timeouts(state: str, function_timeout_s: int) -> None:
    assert CALLS[state]["TimeoutSeconds"] == task_timeout_s(function_timeout_s)
    assert CALLS["Wait For Turn"]["TimeoutSeconds"] == Stage().max_wait_s
    assert text()["TimeoutSeconds"] == Stage().max_wait_s + Stage().job_timeout_s


def test_names_are_what_an_operator_reads() -> None:
    for name, state in STATES.items():
        assert name == " ".join(word[0].upper() + word[1:] for word in name.split())
        assert name.endswith("?") == (state["Type"] == "Choice")
        if state["Type"] == "Map":
            assert name.endswith("s")


def test_states_say_why_they_are_there() -> None:
    silent = {name for name, state in STATES.items() if "Comment" not in state}

    assert silent == {"Skip Chunks", "Skip Audio", "Skip Snapshots"}


def test_all_of_it_is_jsonata() -> None:
    jsonpath = {"InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector", "Variable"}

    assert text()["QueryLanguage"] == "JSONata"
    assert not any(f'"{field}"' in ASL.read_text() for field in jsonpath)


@pytest.mark.aws("lambda-payload", "sfn-payload")
def test_what_passes_between_states_is_small() -> None:
    """Map and Parallel keep nothing of what their children answer."""
    for state in STATES.values():
        if state["Type"] in ("Map", "Parallel"):
            assert state["Output"] == {}
    for name in ("Render Chunk", "Render Audio", "Take Snapshots"):
        assert CALLS[name]["Output"] == {}


@pytest.mark.aws("sfn-map-items")
def test_chunks_are_read_from_the_store() -> None:
    chunks = STATES["Render Chunks"]

    assert chunks["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert chunks["ItemReader"]["Resource"] == "arn:aws:states:::s3:getObject"
    assert chunks["MaxConcurrency"] == "{% $plan.max_parallel %}"
    assert "ToleratedFailurePercentage" not in json.dumps(chunks)
