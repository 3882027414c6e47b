"""An account with room for few functions at once: the machine's own text renders, only narrower."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from reelwright.cli.doctor_local import account_of_engine
from tests.embedded.conftest import Bench

ASL = Path(__file__).resolve().parents[2] / "statemachine" / "render_job.asl.json"
ROOM, JOBS, CHUNKS = 4, 2, 6
THROTTLED = "Lambda.TooManyRequestsException"
RENDERS = """
    import json, os, time

    def note(path, change):
        line = json.dumps([time.time(), change]) + chr(10)
        with open(path, "a") as file:
            file.write(line)

    def handle(event, context):
        note(event["job_id"], 1)
        time.sleep(0.15)
        note(event["job_id"], -1)
"""
ANSWERS = """
    def handle(event, context):
        return {"result_key": "result.json", "status": "COMPLETE"}
"""


@pytest.fixture
def narrow(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setenv("LAMBDA_ACCOUNT_CONCURRENCY", str(ROOM))
    with EmbeddedAws(tmp_path_factory.mktemp("narrow")) as running:
        yield Bench(running)


def test_jobs_that_want_more_than_there_is_room_for_are_all_rendered(
    narrow: Bench, tmp_path: Path
) -> None:
    assert account_of_engine(narrow.client("lambda")).concurrent == ROOM
    calls = tmp_path / "calls"
    machine = narrow.machine(rendering(narrow, calls))

    started = [narrow.start(machine) for _ in range(JOBS)]

    for execution in started:
        ended = narrow.end_of(execution, 60)
        assert ended["status"] == "SUCCEEDED", ended.get("cause")
    moments = sorted(json.loads(line) for line in calls.read_text().splitlines())
    assert len(moments) == 2 * JOBS * CHUNKS
    assert 1 < most_at_once(moments) <= ROOM
    assert set(failures(narrow, started)) == {THROTTLED}


def rendering(bench: Bench, calls: Path) -> dict[str, Any]:
    """The machine from Render Media on, its chunks noted in a file."""
    chunk, other = bench.function(RENDERS), bench.function(ANSWERS)

    def value(found: re.Match[str]) -> str:
        fixed = {"ChunkExecutionType": "STANDARD", "RenderChunkFunctionArn": chunk}
        return fixed.get(found[1], other)

    states = json.loads(re.sub(r"\$\{(\w+)\}", value, ASL.read_text()))["States"]
    grid = [{"index": index, "start_frame": 0, "end_frame": 1} for index in range(CHUNKS)]
    plan = {
        "chunk_count": CHUNKS,
        "max_parallel": CHUNKS,
        "has_audio": True,
        "snapshot_batches": 1,
        "bucket": bench.bucket,
        "chunks_key": bench.put_json(grid),
    }
    given = {"Type": "Pass", "Assign": {"job_id": str(calls), "plan": plan}, "Next": "Render Media"}
    return {"Given": given, **states}


def most_at_once(moments: list[tuple[float, int]]) -> int:
    running = most = 0
    for _, change in moments:
        running += change
        most = max(most, running)
    return most


def failures(bench: Bench, executions: list[str]) -> Iterator[str]:
    """Names of the errors of all calls, the chunks' included."""
    states = bench.client("stepfunctions")
    for execution in executions:
        (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
        children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        for arn in (execution, *(child["executionArn"] for child in children)):
            for event in bench.history(arn):
                if "taskFailedEventDetails" in event:
                    yield event["taskFailedEventDetails"]["error"]
