"""A running execution keeps its definition; versions and aliases name one to start by."""

import json
from typing import Any

import pytest

from tests.embedded.conftest import Bench, asking, call, eventually, unique
from tests.embedded.test_maps import distributed, given

PASS = {"Type": "Pass", "End": True}


def telling(word: str, **more: Any) -> dict[str, Any]:
    return {**PASS, "Output": word, **more}


def changed(bench: Bench, machine: str, states: dict[str, Any]) -> str:
    """Give the machine other states; returns the ARN of the version published of them."""
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    arn: str = bench.client("stepfunctions").update_state_machine(
        stateMachineArn=machine, definition=json.dumps(definition), publish=True
    )["stateMachineVersionArn"]
    return arn


def alias(bench: Bench, *routes: tuple[str, int]) -> str:
    arn: str = bench.client("stepfunctions").create_state_machine_alias(
        name="current", routingConfiguration=routing(*routes)
    )["stateMachineAliasArn"]
    return arn


def routing(*routes: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in routes]


def answer(bench: Bench, queue: str) -> None:
    (token,) = bench.tokens(queue, 1)
    bench.client("stepfunctions").send_task_success(taskToken=token, output="{}")


@pytest.mark.aws("sfn-versions")
def test_a_running_execution_ends_by_the_definition_it_began_with(bench: Bench) -> None:
    queue, _ = bench.queue()
    machine = bench.machine({"Ask": asking(queue, Next="Tell"), "Tell": telling("old")})
    arn = bench.start(machine)
    changed(bench, machine, {"Tell": telling("new")})
    assert bench.end_of(bench.start(machine))["output"] == '"new"'
    answer(bench, queue)
    assert bench.end_of(arn)["output"] == '"old"'


@pytest.mark.aws("sfn-versions")
def test_children_of_a_map_run_by_their_executions_definition(bench: Bench) -> None:
    queue, _ = bench.queue()

    def states(word: str) -> dict[str, Any]:
        return {
            "Ask": asking(queue, Output="{% $states.input %}", Next="Map"),
            "Map": distributed({"Tell": telling(word)}),
        }

    machine = bench.machine(states("old"))
    arn = bench.start(machine, given(bench, [1, 2]))
    (token,) = bench.tokens(queue, 1)
    changed(bench, machine, states("new"))
    bench.client("stepfunctions").send_task_success(taskToken=token, output="{}")
    assert json.loads(bench.end_of(arn)["output"]) == ["old", "old"]


@pytest.mark.aws("sfn-versions")
def test_an_alias_starts_the_version_it_names_and_the_execution_says_so(bench: Bench) -> None:
    states = bench.client("stepfunctions")
    machine = bench.machine({"Tell": telling("zero")})
    first = changed(bench, machine, {"Tell": telling("one")})
    second = changed(bench, machine, {"Tell": telling("two")})
    current = alias(bench, (first, 100))
    old = bench.end_of(bench.start(current))
    assert old["output"] == '"one"'
    assert (old["stateMachineVersionArn"], old["stateMachineAliasArn"]) == (first, current)
    assert old["stateMachineArn"] == machine
    assert old["executionArn"].startswith(machine.replace("stateMachine", "execution") + ":")
    begun = bench.history(old["executionArn"])[0]["executionStartedEventDetails"]
    assert (begun["stateMachineVersionArn"], begun["stateMachineAliasArn"]) == (first, current)

    states.update_state_machine_alias(
        stateMachineAliasArn=current, routingConfiguration=routing((second, 100))
    )
    new = bench.end_of(bench.start(current))
    plain = bench.end_of(bench.start(machine))
    assert (new["output"], plain["output"]) == ('"two"', '"two"')
    assert "stateMachineVersionArn" not in plain

    def listed(arn: str) -> set[str]:
        found = states.list_executions(stateMachineArn=arn)["executions"]
        return {one["executionArn"] for one in found}

    assert listed(current) == {old["executionArn"], new["executionArn"]}
    assert listed(first) == {old["executionArn"]}
    assert len(listed(machine)) == 3


def test_an_alias_shares_its_starts_by_weight(bench: Bench) -> None:
    machine = bench.machine({"Tell": telling("zero")})
    first = changed(bench, machine, {"Tell": telling("one")})
    second = changed(bench, machine, {"Tell": telling("two")})
    none = alias(bench, (first, 100), (second, 0))
    assert {bench.end_of(bench.start(none))["output"] for _ in range(3)} == {'"one"'}


def test_a_name_is_one_execution_whatever_started_it(bench: Bench) -> None:
    machine = bench.machine({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    version = bench.client("stepfunctions").publish_state_machine_version(stateMachineArn=machine)[
        "stateMachineVersionArn"
    ]
    current, name = alias(bench, (version, 100)), unique("name")
    arn = bench.start(machine, name=name)
    assert bench.start(current, name=name) == arn
    bench.client("stepfunctions").stop_execution(executionArn=arn)


@pytest.mark.aws("lambda-versions")
def test_a_function_version_keeps_its_code_and_settings(bench: Bench) -> None:
    source = """
        import os
        def handle(event, context): return os.environ["WORD"] + context.function_version
    """
    name = bench.function(source, Environment={"Variables": {"WORD": "old"}})
    lambdas = bench.client("lambda")
    version = lambdas.publish_version(FunctionName=name)["FunctionArn"]
    lambdas.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"WORD": "new"}}
    )
    eventually(
        lambda: (
            lambdas.get_function_configuration(FunctionName=name)["LastUpdateStatus"]
            == "Successful"
        )
    )
    told = [json.loads(bench.run({"Work": call(one)})["output"]) for one in (version, name)]
    assert told == ["old1", "new$LATEST"]
    lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    ended = bench.run({"Work": call(version)})
    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.TooManyRequestsException")
