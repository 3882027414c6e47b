"""Executions behave as Step Functions documents them."""

import json
import time

import pytest

from tests.embedded.conftest import Bench, call, unique

PASS = {"Type": "Pass", "End": True}
WAIT = {"Type": "Wait", "Seconds": 60, "End": True}


def test_stop_ends_in_aborted_and_nothing_starts_after(bench: Bench) -> None:
    function = bench.function("""
        import boto3, time
        def handle(event, context):
            boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=event["step"])
            time.sleep(1)
            return {"queue": event["queue"], "step": "second"}
    """)
    queue, _ = bench.queue()
    states = {"First": call(function, Next="Second"), "Second": call(function)}
    arn = bench.start(bench.machine(states), {"queue": queue, "step": "first"})
    messages = bench.received(queue, 1)
    bench.client("stepfunctions").stop_execution(executionArn=arn, error="Cancelled", cause="why")
    ended = bench.execution(arn)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Cancelled", "why")
    assert messages == ["first"]
    # Longer than the first call takes: the second would have been started by now.
    quiet = bench.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=3)
    assert quiet.get("Messages", []) == []
    assert bench.execution(arn)["status"] == "ABORTED"
    assert bench.history(arn)[-1]["type"] == "ExecutionAborted"


@pytest.mark.aws("sfn-start")
def test_same_name_and_input_while_running_is_the_same_execution(bench: Bench) -> None:
    machine, name = bench.machine({"Wait": WAIT}), unique("name")
    exists = bench.client("stepfunctions").exceptions.ExecutionAlreadyExists
    arn = bench.start(machine, {"a": 1}, name=name)
    assert bench.start(machine, {"a": 1}, name=name) == arn
    with pytest.raises(exists):
        bench.start(machine, {"a": 2}, name=name)
    bench.client("stepfunctions").stop_execution(executionArn=arn)
    with pytest.raises(exists):
        bench.start(machine, {"a": 1}, name=name)


@pytest.mark.aws("sfn-names")
def test_names_and_inputs_are_checked(bench: Bench) -> None:
    states, machine = bench.client("stepfunctions"), bench.machine({"Pass": PASS})
    with pytest.raises(states.exceptions.InvalidName):
        states.start_execution(stateMachineArn=machine, name="a/b")
    with pytest.raises(states.exceptions.InvalidExecutionInput):
        states.start_execution(stateMachineArn=machine, input="{")


@pytest.mark.parametrize(
    "states",
    [
        {"A": {"Type": "Pass", "Next": "Nowhere"}},
        {"A": {"Type": "Pass", "End": True, "Output": "{% $sum( %}"}},
        {"A": {"Type": "Nap", "End": True}},
        {"A": {"Type": "Map", "ItemBatcher": {}, "ItemProcessor": {}, "End": True}},
    ],
)
def test_invalid_definition_is_refused(bench: Bench, states: dict[str, object]) -> None:
    with pytest.raises(bench.client("stepfunctions").exceptions.InvalidDefinition):
        bench.machine(states)


def test_choice_wait_and_variables(bench: Bench) -> None:
    states = {
        "Keep": {"Type": "Pass", "Assign": {"n": "{% $states.input.n %}"}, "Next": "Which?"},
        "Which?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $n > 10 %}", "Next": "Wrong"},
                {"Condition": "{% $n = 4 %}", "Next": "Rest", "Output": {"half": "{% $n / 2 %}"}},
            ],
            "Default": "Wrong",
        },
        "Rest": {"Type": "Wait", "Seconds": "{% $states.input.half %}", "Next": "End"},
        "End": {"Type": "Succeed"},
        "Wrong": {"Type": "Fail", "Error": "Wrong", "Cause": "{% $string($n) %}"},
    }
    begun = time.monotonic()
    assert bench.run(states, {"n": 4})["output"] == '{"half": 2}'
    assert time.monotonic() - begun >= 2
    ended = bench.run(states, {"n": 11})
    assert (ended["error"], ended["cause"]) == ("Wrong", "11")


def test_parallel_gives_its_branches_results_in_order(bench: Bench) -> None:
    states = {
        "Both": {
            "Type": "Parallel",
            "Arguments": {"n": "{% $states.input.n + 1 %}"},
            "Branches": [
                {
                    "StartAt": "Slow",
                    "States": {
                        "Slow": {"Type": "Wait", "Seconds": 1, "Next": "A"},
                        "A": {**PASS, "Output": "{% $states.input.n %}"},
                    },
                },
                {"StartAt": "B", "States": {"B": {**PASS, "Output": "{% $states.input.n * 10 %}"}}},
            ],
            "Assign": {"first": "{% $states.result[0] %}"},
            "Output": {"all": "{% $states.result %}"},
            "Next": "End",
        },
        "End": {**PASS, "Output": {"first": "{% $first %}", "all": "{% $states.input.all %}"}},
    }
    assert json.loads(bench.run(states, {"n": 1})["output"]) == {"first": 2, "all": [2, 20]}


def test_history_tells_the_states(bench: Bench) -> None:
    arn = bench.start(bench.machine({"Work": call(bench.function("def handle(e, c): return e"))}))
    bench.end_of(arn)
    events = bench.history(arn)
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert events[1]["stateEnteredEventDetails"]["name"] == "Work"
    assert [event["id"] for event in events] == list(range(1, 8))
