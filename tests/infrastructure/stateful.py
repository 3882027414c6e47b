"""What of a stack must outlive every deploy, as `stateful.json` pins it.

python -m tests.infrastructure.stateful > tests/infrastructure/stateful.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

PINS = Path(__file__).with_name("stateful.json")
TEMPLATE = Path("build/cdk.arm64.out/Reelwright.template.json")
BEYOND_THE_SCHEMA: dict[str, tuple[str, ...]] = {
    "AWS::ApiGatewayV2::Api": (),
    "AWS::Cognito::UserPool": (
        "AliasAttributes",
        "Schema",
        "UsernameAttributes",
        "UsernameConfiguration",
    ),
    "AWS::Cognito::UserPoolClient": (),
    "AWS::DynamoDB::Table": ("LocalSecondaryIndexes",),
    "AWS::Events::EventBus": (),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
    "AWS::S3::Bucket": (),
    "AWS::SNS::Topic": (),
    "AWS::SQS::Queue": (),
    "AWS::SecretsManager::Secret": ("GenerateSecretString",),
    "AWS::StepFunctions::StateMachine": (),
    "AWS::StepFunctions::StateMachineAlias": (),
}
"""Kinds that hold what can't be made anew, or that others know by its address. Beside what
CloudFormation's schema calls create-only: what an update refuses, or answers with a new value."""


def pins(template: Mapping[str, Any]) -> dict[str, Any]:
    """Each stateful resource's kind, fate and properties that a change of would replace it."""
    return {
        name: {
            "Type": found["Type"],
            "DeletionPolicy": found.get("DeletionPolicy", "Delete"),
            "UpdateReplacePolicy": found.get("UpdateReplacePolicy", "Delete"),
            "Fixed": _fixed(found["Type"], found.get("Properties", {})),
        }
        for name, found in sorted(template["Resources"].items())
        if found["Type"] in BEYOND_THE_SCHEMA
    }


def _fixed(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    names = {*_create_only(kind), *BEYOND_THE_SCHEMA[kind]}
    fixed = {name: properties[name] for name in sorted(names) if name in properties}
    keys = {one["AttributeName"] for one in fixed.get("KeySchema", ())}
    if keys:
        types = properties["AttributeDefinitions"]
        fixed["AttributeDefinitions"] = [one for one in types if one["AttributeName"] in keys]
    return fixed


def _create_only(kind: str) -> set[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    paths = [
        *(schema.get("createOnlyProperties") or ()),
        *(schema.get("conditionalCreateOnlyProperties") or ()),
    ]
    return {path.split("/")[2] for path in paths}


if __name__ == "__main__":
    json.dump(pins(json.loads(TEMPLATE.read_text())), sys.stdout, indent=2)
    sys.stdout.write("\n")
