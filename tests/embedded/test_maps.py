"""Map states, above all Distributed Maps over a JSON array in S3."""

import json
from typing import Any

import pytest

from local.step_functions.maps import width
from tests.embedded.conftest import Bench, call, eventually

PASS = {"Type": "Pass", "End": True}
NOTE_AND_HOLD = """
    import os, time, pathlib
    def handle(event, context):
        folder = pathlib.Path(event["folder"])
        (folder / f"running-{event['item']}").touch()
        (folder / f"started-{event['item']}").touch()
        count = len(list(folder.glob("running-*")))
        time.sleep(event["hold_s"])
        (folder / f"running-{event['item']}").unlink()
        return count
"""
FAIL_ODD = """
    class ChunkIncomplete(Exception):
        pass
    def handle(event, context):
        if event["item"] % 2:
            raise ChunkIncomplete(str(event["item"]))
        return event["item"]
"""
KINDS = pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])


def distributed(states: dict[str, Any], kind: str = "STANDARD", **more: Any) -> dict[str, Any]:
    """A Distributed Map over the object the input names."""
    return {
        "Type": "Map",
        "Label": "Chunks",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Arguments": {"Bucket": "{% $states.input.bucket %}", "Key": "{% $states.input.key %}"},
        },
        "ItemSelector": {
            "item": "{% $states.context.Map.Item.Value %}",
            "index": "{% $states.context.Map.Item.Index %}",
            "more": "{% $states.input.more %}",
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": next(iter(states)),
            "States": states,
        },
        "End": True,
        **more,
    }


def given(bench: Bench, items: Any, more: Any = None) -> dict[str, Any]:
    """An input for `distributed`."""
    return {"bucket": bench.bucket, "key": bench.put_json(items), "more": more}


@pytest.mark.aws("sfn-map-items")
@KINDS
def test_items_come_from_s3_and_results_keep_their_order(bench: Bench, kind: str) -> None:
    items = [{"start_frame": n * 10} for n in range(25)]
    ended = bench.run({"Map": distributed({"Pass": PASS}, kind)}, given(bench, items, "m"))
    assert json.loads(ended["output"]) == [
        {"item": item, "index": index, "more": "m"} for index, item in enumerate(items)
    ]


@pytest.mark.aws("sfn-map-width")
@KINDS
def test_max_concurrency_is_honoured(bench: Bench, kind: str, tmp_path: Any) -> None:
    selector = {
        "item": "{% $states.context.Map.Item.Value %}",
        "folder": "{% $states.input.more.folder %}",
        "hold_s": 0.3,
    }
    work = distributed(
        {"Work": call(bench.function(NOTE_AND_HOLD))},
        kind,
        MaxConcurrency="{% $states.input.more.limit %}",
        ItemSelector=selector,
    )
    more = {"folder": str(tmp_path), "limit": 3}
    ended = bench.run({"Map": work}, given(bench, list(range(9)), more))
    assert ended["status"] == "SUCCEEDED", ended
    assert max(json.loads(ended["output"])) == 3


@pytest.mark.parametrize(
    ("limit", "cores", "at_once"), [(100, 2, 8), (100, 1, 8), (100, 16, 64), (0, 4, 16), (3, 16, 3)]
)
def test_a_map_run_is_no_wider_than_this_machine(limit: int, cores: int, at_once: int) -> None:
    assert width(limit, cores) == at_once


@pytest.mark.aws("sfn-map-failure")
@KINDS
def test_failed_child_fails_the_map(bench: Bench, kind: str) -> None:
    work = distributed({"Work": call(bench.function(FAIL_ODD))}, kind)
    catch = [
        {
            "ErrorEquals": ["States.ExceedToleratedFailureThreshold"],
            "Next": "Caught",
            "Output": "{% $states.errorOutput.Error %}",
        }
    ]
    states = {"Map": {**work, "Catch": catch}, "Caught": {"Type": "Succeed"}}
    ended = bench.run(states, given(bench, [0, 1, 2]))
    assert ended["output"] == '"States.ExceedToleratedFailureThreshold"'


def test_failed_child_fails_the_map_inside_parallel(bench: Bench) -> None:
    work = distributed({"Work": call(bench.function(FAIL_ODD))}, "EXPRESS")
    branches = [
        {"StartAt": "Map", "States": {"Map": work}},
        {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}},
    ]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    ended = bench.run({"Both": both}, given(bench, [0, 1, 2]))
    assert ended["error"] == "States.ExceedToleratedFailureThreshold"


@KINDS
def test_childs_error_reaches_a_catch_in_the_child(bench: Bench, kind: str) -> None:
    states = {
        "Work": call(
            bench.function(FAIL_ODD),
            Catch=[{"ErrorEquals": ["ChunkIncomplete"], "Next": "Caught"}],
        ),
        "Caught": {**PASS, "Output": "{% $parse($states.input.Cause).errorMessage %}"},
    }
    ended = bench.run({"Map": distributed(states, kind)}, given(bench, [0, 1, 2, 3]))
    assert json.loads(ended["output"]) == [0, "1", 2, "3"]


def test_tolerated_failures_do_not_fail_the_map(bench: Bench) -> None:
    states = {"Work": call(bench.function(FAIL_ODD))}
    work = distributed(states, ToleratedFailureCount=1, Output="{% $count($states.result) %}")
    assert bench.run({"Map": work}, given(bench, [0, 1, 2]))["status"] == "SUCCEEDED"
    ended = bench.run({"Map": work}, given(bench, [1, 3, 2]))
    assert ended["error"] == "States.ExceedToleratedFailureThreshold"


@KINDS
def test_empty_array_runs_no_child(bench: Bench, kind: str) -> None:
    ended = bench.run({"Map": distributed({"Pass": PASS}, kind)}, given(bench, []))
    assert (ended["status"], ended["output"]) == ("SUCCEEDED", "[]")


@pytest.mark.parametrize("content", [{"not": "an array"}, None])
def test_unreadable_items_are_an_error_by_name(bench: Bench, content: Any) -> None:
    value = given(bench, content)
    if content is None:
        value["key"] = "absent"
    ended = bench.run({"Map": distributed({"Pass": PASS})}, value)
    assert ended["error"] == "States.ItemReaderFailed"


def test_stop_ends_the_children_and_starts_no_more(bench: Bench, tmp_path: Any) -> None:
    selector = {
        "item": "{% $states.context.Map.Item.Value %}",
        "folder": str(tmp_path),
        "hold_s": 1,
    }
    states = {
        "Work": call(bench.function(NOTE_AND_HOLD), Output="{% $states.input %}", Next="Again"),
        "Again": call(bench.function(NOTE_AND_HOLD)),
    }
    work = distributed(states, MaxConcurrency=2, ItemSelector=selector)
    arn = bench.start(bench.machine({"Map": work}), given(bench, list(range(8))))
    eventually(lambda: len(list(tmp_path.glob("started-*"))) >= 2)
    bench.client("stepfunctions").stop_execution(executionArn=arn)
    assert bench.execution(arn)["status"] == "ABORTED"
    # What was called may end; nothing more is called.
    eventually(lambda: not list(tmp_path.glob("running-*")))
    run = _map_run(bench, arn)
    eventually(lambda: _describe(bench, run)["status"] == "ABORTED")
    assert len(list(tmp_path.glob("started-*"))) == 2
    children = bench.client("stepfunctions").list_executions(mapRunArn=run)["executions"]
    assert [child["status"] for child in children] == ["ABORTED"] * 2


@pytest.mark.aws("sfn-history")
def test_map_runs_and_their_children_can_be_looked_up(bench: Bench) -> None:
    work = distributed({"Work": call(bench.function(FAIL_ODD))}, ToleratedFailurePercentage=50)
    arn = bench.start(bench.machine({"Map": work}), given(bench, [0, 1, 2]))
    assert bench.end_of(arn)["status"] == "SUCCEEDED"
    states, run = bench.client("stepfunctions"), _map_run(bench, arn)
    described = _describe(bench, run)
    counts = described["executionCounts"]
    assert (described["status"], described["executionArn"]) == ("SUCCEEDED", arn)
    assert (counts["total"], counts["succeeded"], counts["failed"]) == (3, 2, 1)
    children = states.list_executions(mapRunArn=run)["executions"]
    assert sorted(child["status"] for child in children) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    failed = next(child for child in children if child["status"] == "FAILED")
    assert bench.execution(failed["executionArn"])["error"] == "ChunkIncomplete"
    assert bench.history(failed["executionArn"])[-1]["type"] == "ExecutionFailed"
    assert "MapRunStarted" in [event["type"] for event in bench.history(arn)]


def test_three_hundred_children(bench: Bench) -> None:
    work = distributed({"Pass": PASS}, "EXPRESS", Output="{% $count($states.result) %}")
    ended = bench.run({"Map": work}, given(bench, list(range(300))))
    assert ended.get("output") == "300", ended


def test_inline_map(bench: Bench) -> None:
    work = {
        "Type": "Map",
        "Items": "{% $states.input %}",
        "MaxConcurrency": 2,
        "ItemProcessor": {
            "StartAt": "Double",
            "States": {"Double": {**PASS, "Output": "{% $states.input * 2 %}"}},
        },
        "End": True,
    }
    arn = bench.start(bench.machine({"Map": work}), [1, 2, 3])
    assert json.loads(bench.end_of(arn)["output"]) == [2, 4, 6]
    assert [e["type"] for e in bench.history(arn)].count("MapIterationSucceeded") == 3


def test_max_concurrency_of_an_inline_map_is_honoured(bench: Bench, tmp_path: Any) -> None:
    item = {
        "item": "{% $states.context.Map.Item.Value %}",
        "folder": str(tmp_path),
        "hold_s": 0.3,
    }
    work = {
        "Type": "Map",
        "Items": "{% [0..5] %}",
        "ItemSelector": item,
        "MaxConcurrency": 2,
        "ItemProcessor": {
            "StartAt": "Work",
            "States": {"Work": call(bench.function(NOTE_AND_HOLD))},
        },
        "End": True,
    }
    ended = bench.run({"Map": work})
    assert ended["status"] == "SUCCEEDED", ended
    assert max(json.loads(ended["output"])) == 2


def _map_run(bench: Bench, execution: str) -> str:
    runs = bench.client("stepfunctions").list_map_runs(executionArn=execution)["mapRuns"]
    found: str = runs[0]["mapRunArn"]
    return found


def _describe(bench: Bench, map_run: str) -> dict[str, Any]:
    found: dict[str, Any] = bench.client("stepfunctions").describe_map_run(mapRunArn=map_run)
    return found
