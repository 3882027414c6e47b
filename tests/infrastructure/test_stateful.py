"""A deploy replaces nothing that holds data or that others know by its address."""

import json
from typing import Any

import pytest

from tests.infrastructure.stateful import BEYOND_THE_SCHEMA, PINS, pins
from tests.infrastructure.synthesis import Synthesis

WHAT_TO_DO = (
    "\n\nA deploy would replace these, or make one that is not pinned yet. If that is not what you "
    "want, give the construct its old id and the property its old value. If it is: a new resource "
    "is pinned by `make build/cdk.arm64.out/manifest.json && .venv/bin/python -m "
    "tests.infrastructure.stateful > tests/infrastructure/stateful.json`; for a replaced one "
    "write first, in docs/upgrading.md, how its data gets over and who must be told of its address."
)


def differences(template: dict[str, Any]) -> list[str]:
    pinned, found = json.loads(PINS.read_text()), pins(template)
    return [name for name in sorted({*pinned, *found}) if pinned.get(name) != found.get(name)]


def test_what_is_stateful_stays_what_it_is(stack: Synthesis) -> None:
    assert not differences(stack.template), WHAT_TO_DO


def test_all_that_holds_data_is_kept_where_the_stage_says_so(stack: Synthesis) -> None:
    kept = {
        found["Type"]
        for found in pins(stack.template).values()
        if (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("Retain", "Retain")
    }
    assert kept == {
        "AWS::Cognito::UserPool",
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    }


def replaced(template: dict[str, Any], kind: str, name: str, value: Any) -> str:
    """The logical id of a resource of that kind, after one property of it was changed."""
    logical_id: str = next(k for k, one in template["Resources"].items() if one["Type"] == kind)
    template["Resources"][logical_id]["Properties"][name] = value
    return logical_id


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("AWS::DynamoDB::Table", "KeySchema", [{"AttributeName": "id", "KeyType": "HASH"}]),
        ("AWS::S3::Bucket", "BucketName", "media"),
        ("AWS::SQS::Queue", "FifoQueue", False),
        ("AWS::KMS::Key", "KeySpec", "RSA_2048"),
        ("AWS::Cognito::UserPool", "UsernameAttributes", []),
        ("AWS::Cognito::UserPoolClient", "GenerateSecret", True),
        ("AWS::SecretsManager::Secret", "GenerateSecretString", {}),
        ("AWS::StepFunctions::StateMachine", "StateMachineType", "EXPRESS"),
    ],
)
def test_a_change_that_replaces_is_seen(stack: Synthesis, kind: str, name: str, value: Any) -> None:
    template = stack.template
    assert differences(template) == []
    changed = replaced(template, kind, name, value)
    if name == "KeySchema":
        found = template["Resources"][changed]["Properties"]
        found["AttributeDefinitions"] = [{"AttributeName": "id", "AttributeType": "S"}]
    assert differences(template) == [changed]


@pytest.mark.parametrize("kind", sorted(BEYOND_THE_SCHEMA))
def test_a_renamed_construct_is_seen(stack: Synthesis, kind: str) -> None:
    template = stack.template
    old = next(name for name, one in template["Resources"].items() if one["Type"] == kind)
    template["Resources"]["Renamed"] = template["Resources"].pop(old)
    assert differences(template) == sorted([old, "Renamed"])


def test_what_may_change_is_not_pinned(stack: Synthesis) -> None:
    template = stack.template
    replaced(template, "AWS::SQS::Queue", "VisibilityTimeout", 1)
    replaced(template, "AWS::S3::Bucket", "LifecycleConfiguration", {})
    assert differences(template) == []
