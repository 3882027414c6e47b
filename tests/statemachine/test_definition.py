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
CALLS = {name: task for name, task in TASKS.items() if task["Resource"] == LAMBDA}
FINAL = {
    "FfmpegFailed",
    "InvalidRequest",
    "PartMissing",
    "Runtime.OutOfMemory",
    "SourceNotAllowed",
    "States.ALL",
    "States.TaskFailed",
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

    assert 1 <= task["TimeoutSeconds"] <= 915
    assert task["Retry"]
    assert [catch["ErrorEquals"] for catch in task["Catch"]] == [["States.ALL"]]


def test_all_calls_are_tried_again_alike() -> None:
    first, *others = [task["Retry"] for task in CALLS.values()]

    assert all(other == first for other in others)


def test_all_records_are_tried_again_alike() -> None:
    first, *others = [task["Retry"] for name, task in TASKS.items() if name not in CALLS]

    assert all(other == first for other in others)


def test_every_retry_backs_off_with_full_jitter() -> None:
    for task in TASKS.values():
        for tier in task["Retry"]:
            assert tier["JitterStrategy"] == "FULL"
            assert tier["BackoffRate"] == 2
            assert tier["MaxDelaySeconds"] <= 60


def test_retries_fit_their_failures() -> None:
    attempts = retried(CALLS["Render Chunk"])

    assert attempts["Lambda.TooManyRequestsException"] >= 15
    assert attempts["TransientError"] >= 3
    late = [attempts[name] for name in ("States.Timeout", "Sandbox.Timedout", "RenderTimedOut")]
    assert late == [1, 1, 1]
    assert not FINAL & set(attempts)


@pytest.mark.parametrize(
    ("state", "function_timeout_s"),
    [
        ("Claim Job", Stage().desk_timeout_s),
        ("Plan Render", Stage().plan_timeout_s),
        ("Render Chunk", Stage().chunk_timeout_s),
        ("Render Audio", Stage().audio_timeout_s),
        ("Take Snapshots", Stage().snapshots_timeout_s),
        ("Assemble Render", Stage().assemble_timeout_s),
        ("Finish Job", Stage().desk_timeout_s),
        ("Finish Failed Job", Stage().desk_timeout_s),
    ],
)
def test_the_text_holds_the_default_stages_timeouts(state: str, function_timeout_s: int) -> None:
    assert CALLS[state]["TimeoutSeconds"] == task_timeout_s(function_timeout_s)
    assert text()["TimeoutSeconds"] == Stage().job_timeout_s


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


def test_what_passes_between_states_is_small() -> None:
    """Map and Parallel keep nothing of what their children answer."""
    for state in STATES.values():
        if state["Type"] in ("Map", "Parallel"):
            assert state["Output"] == {}
    for name in ("Render Chunk", "Render Audio", "Take Snapshots"):
        assert CALLS[name]["Output"] == {}


def test_chunks_are_read_from_the_store() -> None:
    chunks = STATES["Render Chunks"]

    assert chunks["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert chunks["ItemReader"]["Resource"] == "arn:aws:states:::s3:getObject"
    assert chunks["MaxConcurrency"] == "{% $plan.max_parallel %}"
    assert "ToleratedFailurePercentage" not in json.dumps(chunks)
