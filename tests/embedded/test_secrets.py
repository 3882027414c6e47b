"""A secret in a template: `Ref` is its ARN, through creation, update and deletion."""

import json
from typing import Any

from tests.embedded.conftest import Bench, eventually, unique


def template(description: str) -> str:
    secret = {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "Description": description,
            "GenerateSecretString": {"PasswordLength": 44, "ExcludeCharacters": '!"#$%&'},
        },
    }
    outputs = {"Ref": {"Value": {"Ref": "Secret"}}, "Id": {"Value": {"Fn::GetAtt": "Secret.Id"}}}
    return json.dumps({"Resources": {"Secret": secret}, "Outputs": outputs})


def outputs_of(bench: Bench, stack: str, status: str) -> dict[str, str]:
    """The stack's outputs once it has this status."""

    def look() -> Any:
        found = bench.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return found if found["StackStatus"] == status else None

    return {one["OutputKey"]: one["OutputValue"] for one in eventually(look)["Outputs"]}


def test_a_secret_is_known_by_its_arn(bench: Bench) -> None:
    cloudformation, secrets = bench.client("cloudformation"), bench.client("secretsmanager")
    stack = unique("stack")
    cloudformation.create_stack(StackName=stack, TemplateBody=template("one"))
    made = outputs_of(bench, stack, "CREATE_COMPLETE")
    assert made["Ref"] == made["Id"]
    assert made["Ref"].startswith("arn:aws:secretsmanager:")
    value = secrets.get_secret_value(SecretId=made["Ref"])["SecretString"]
    assert len(value) == 44

    cloudformation.update_stack(StackName=stack, TemplateBody=template("two"))
    assert outputs_of(bench, stack, "UPDATE_COMPLETE") == made
    assert secrets.describe_secret(SecretId=made["Ref"])["Description"] == "two"
    assert secrets.get_secret_value(SecretId=made["Ref"])["SecretString"] == value

    cloudformation.delete_stack(StackName=stack)
    eventually(lambda: made["Ref"] not in listed(secrets))


def listed(secrets: Any) -> set[str]:
    return {secret["ARN"] for secret in secrets.list_secrets()["SecretList"]}
