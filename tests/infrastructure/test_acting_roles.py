"""Roles and policies that AWS's services act by, held against what each is defined to do: nothing
is missing, and nothing is more."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from functions.shared.media_store import Keys
from tests.infrastructure.synthesis import Resource, Synthesis, listed, plain

Grants = set[tuple[str, str]]
EXECUTIONS = "arn:partition:states:region:accountid:execution:RenderMachine.Name"
KEY_USE = (
    *("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    *("ReEncryptFrom", "ReEncryptTo"),
)
KEY: Grants = {(f"kms:{action}", "Key") for action in KEY_USE}
WITHOUT_RESOURCE = {
    "logs": {
        *("CreateLogDelivery", "DeleteLogDelivery", "DescribeLogGroups", "GetLogDelivery"),
        *("DescribeResourcePolicies", "ListLogDeliveries", "PutResourcePolicy"),
        "UpdateLogDelivery",
    },
    "xray": {
        *("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments"),
    },
}
"""By the service authorization reference they know no resource. Of a function's own log all is
named; these are for a state machine's, which is delivered."""


def machine(stack: Synthesis) -> Resource:
    return stack.only("AWS::StepFunctions::StateMachine")


def states(node: Any) -> Iterator[Resource]:
    """Every state, those inside Map and Parallel included."""
    if isinstance(node, list):
        for item in node:
            yield from states(item)
    elif isinstance(node, dict):
        yield from node.get("States", {}).values()
        for item in node.values():
            yield from states(item)


def function_of(arn: str) -> str:
    """Its name, whichever version of it is named."""
    return re.sub(r"(:\*|CurrentVersion.*)$", "", arn)


def needed(stack: Synthesis, state: Resource) -> Iterator[tuple[str, str]]:
    """What a state does, as IAM calls it."""
    filled = machine(stack)["DefinitionSubstitutions"]

    def meant(text: str) -> str:
        return plain(filled[text.removeprefix("${").removesuffix("}")])

    match state.get("Resource", "").removeprefix("arn:aws:states:::"):
        case "lambda:invoke" | "lambda:invoke.waitForTaskToken":
            called = function_of(meant(state["Arguments"]["FunctionName"]))
            yield "lambda:InvokeFunction", called
        case "dynamodb:updateItem":
            yield "dynamodb:UpdateItem", meant(state["Arguments"]["TableName"])
        case "":
            pass
        case other:
            raise AssertionError(f"no rule says what {other} needs")
    if reader := state.get("ItemReader"):
        assert reader["Resource"] == "arn:aws:states:::s3:getObject"
        assert reader["Arguments"]["Key"] == "{% $plan.chunks_key %}"
        yield "s3:GetObject", f"Media/{Keys('*').chunks}"
    if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
        yield "states:StartExecution", "RenderMachine"
        yield "states:DescribeExecution", f"{EXECUTIONS}:*"
        yield "states:StopExecution", f"{EXECUTIONS}:*"
        yield "states:RedriveExecution", f"{EXECUTIONS}/*"


@pytest.mark.aws("iam")
def test_the_machine_may_do_what_its_states_do_and_no_more(stack: Synthesis) -> None:
    definition = json.loads(machine(stack)["DefinitionString"])
    asked = {pair for state in set_of(states(definition)) for pair in needed(stack, state)}

    granted = {
        (action, function_of(resource) if action.startswith("lambda:") else resource)
        for action, resource in stack.grants()["RenderMachineRole"]
    }

    about_it = {
        (f"{service}:{action}", "*")
        for service, actions in WITHOUT_RESOURCE.items()
        for action in actions
    }
    assert granted == asked | KEY | about_it


def set_of(found: Iterator[Resource]) -> list[Resource]:
    """Each state once, though a state is found below each that it is in."""
    return list({id(state): state for state in found}.values())


@pytest.mark.aws("iam")
def test_the_pipe_may_do_what_it_is_made_of_and_no_more(stack: Synthesis) -> None:
    pipe = stack.only("AWS::Pipes::Pipe")
    log = pipe["LogConfiguration"]["CloudwatchLogsLogDestination"]["LogGroupArn"]
    queue = stack.named(plain(pipe["Source"]))
    target = plain(pipe["Target"])

    assert pipe["TargetParameters"]["StepFunctionStateMachineParameters"]["InvocationType"] == (
        "FIRE_AND_FORGET"
    )
    assert target.startswith("RenderMachine")
    assert plain(pipe["RoleArn"]) == "JobPipeRole"
    assert stack.grants()["JobPipeRole"] == {
        *((f"sqs:{a}", plain(pipe["Source"])) for a in ("ReceiveMessage", "DeleteMessage")),
        ("sqs:GetQueueAttributes", plain(pipe["Source"])),
        ("kms:Decrypt", plain(queue["KmsMasterKeyId"])),
        ("lambda:InvokeFunction", plain(pipe["Enrichment"])),
        # Of an alias too: IAM is asked for its machine.
        ("states:StartExecution", "RenderMachine"),
        *((f"logs:{a}", plain(log)) for a in ("CreateLogStream", "PutLogEvents")),
    }


@pytest.mark.aws("iam")
def test_rules_and_the_api_may_call_what_they_point_to_and_nothing_else(stack: Synthesis) -> None:
    """They have no roles: the functions' own policies let them in, each by its ARN."""
    functions = {plain({"Ref": name}) for name in stack.of_type("AWS::Lambda::Function")}
    points = {
        (plain({"Ref": name}), "events.amazonaws.com", plain(target["Arn"]))
        for name, rule in stack.of_type("AWS::Events::Rule").items()
        for target in rule["Properties"]["Targets"]
        if plain(target["Arn"]) in functions
    }
    routes = {
        (path_of(route["Properties"]["RouteKey"]), "apigateway.amazonaws.com", "HandleApiFunction")
        for route in stack.of_type("AWS::ApiGatewayV2::Route").values()
    }

    let_in = set()
    for found in stack.of_type("AWS::Lambda::Permission").values():
        permission = found["Properties"]
        assert permission["Action"] == "lambda:InvokeFunction"
        source = plain(permission["SourceArn"]).removesuffix(".Arn")
        let_in.add((source, permission["Principal"], plain(permission["FunctionName"])))

    assert let_in == points | routes
    for rule in stack.of_type("AWS::Events::Rule").values():
        assert "RoleArn" not in rule["Properties"]
        assert all("RoleArn" not in target for target in rule["Properties"]["Targets"])


def path_of(route_key: str) -> str:
    """As the permission names it: `arn:…:Api/*/*/jobs`."""
    _, path = route_key.split(" ")
    return f"arn:partition:execute-api:region:accountid:Api/*/*{path}"


def test_every_role_is_a_functions_or_one_of_these_tests(stack: Synthesis) -> None:
    roles = {plain({"Ref": name}) for name in stack.of_type("AWS::IAM::Role")}
    assert {role for role in roles if not role.endswith("FunctionRole")} == {
        "RenderMachineRole",
        "JobPipeRole",
    }
    assert not stack.of_type("AWS::IAM::User")
    assert not stack.of_type("AWS::IAM::ManagedPolicy")


def test_only_actions_that_know_no_resource_are_granted_on_all(stack: Synthesis) -> None:
    on_all = {
        action for pairs in stack.grants().values() for action, resource in pairs if resource == "*"
    }

    assert {action for action in on_all if "*" in action} == set()
    assert on_all <= {
        f"{service}:{action}" for service, actions in WITHOUT_RESOURCE.items() for action in actions
    }


@pytest.mark.aws("kms")
def test_the_key_is_used_by_whom_it_names_and_nobody_else(stack: Synthesis) -> None:
    """`*` in a key's policy is the key itself. The account's statement lets IAM decide."""
    policy = stack.only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    said = {
        (who(one), tuple(sorted(listed(one["Action"]))), tuple(one.get("Condition", ())))
        for one in policy
    }
    uses = ("kms:Decrypt", "kms:GenerateDataKey")
    writes = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*")
    assert said == {
        ("account", ("kms:*",), ()),
        ("logs", (*writes, "kms:ReEncrypt*"), ("ArnLike",)),
        ("cloudwatch", uses, ("StringEquals",)),
        ("events", uses, ()),
        # CDK's own: of rules with an encrypted dead-letter queue, and of encrypted secrets.
        ("events", ("kms:Decrypt", "kms:GenerateDataKey*"), ()),
        ("account", ("kms:CreateGrant", *writes, "kms:ReEncrypt*"), ("StringEquals",)),
    }


def who(statement: Resource) -> str:
    principal = statement["Principal"]
    return plain(principal["Service"]).split(".")[0] if "Service" in principal else "account"
