"""A synthesized assembly is deployed, updated and destroyed by CloudFormation."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.deploy import DeployFailedError, deploy, destroy
from local.embedded import EmbeddedAws
from tests.embedded.conftest import Bench, unique

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def role(service: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
    }


class Assembly:
    """A cdk.out folder with one function of our own, as DefaultStackSynthesizer writes it."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.path = folder
        self.stack = stack
        self.resources: dict[str, Any] = {"Role": role("lambda.amazonaws.com")}
        self.outputs: dict[str, Any] = {}
        self._files: dict[str, Any] = {}

    def add_function(self, name: str, source: str, **properties: Any) -> None:
        key = f"{hash((name, source)) & 0xFFFFFFFF:064x}"
        (self.path / f"asset.{key}").mkdir(exist_ok=True)
        (self.path / f"asset.{key}" / "handler.py").write_text(source)
        self._add_file(key, f"asset.{key}", "zip")
        self.resources[name] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "handler.handle",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": f"{key}.zip"},
                **properties,
            },
        }
        self.outputs[f"{name}Name"] = {"Value": {"Ref": name}}

    def write(self) -> Path:
        template = {"Resources": self.resources, "Outputs": self.outputs}
        path = self.path / f"{self.stack}.template.json"
        path.write_text(json.dumps(template))
        self._files.pop("template", None)
        self._add_file("template", path.name, "file", f"{hash(path.read_text()):x}.json")
        manifest = {"files": self._files}
        (self.path / f"{self.stack}.assets.json").write_text(json.dumps(manifest))
        return self.path

    def _add_file(self, key: str, path: str, packaging: str, object_key: str = "") -> None:
        self._files[key] = {
            "source": {"path": path, "packaging": packaging},
            "destinations": {
                "here": {"bucketName": BUCKET, "objectKey": object_key or f"{key}.zip"}
            },
        }


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(tmp_path, unique("Stack"))


def test_deploys_updates_and_destroys(bench: Bench, aws: EmbeddedAws, assembly: Assembly) -> None:
    assembly.add_function("Work", "def handle(event, context): return 1")
    assembly.resources["Media"] = {"Type": "AWS::S3::Bucket"}
    assembly.outputs["Bucket"] = {"Value": {"Ref": "Media"}}
    outputs = deploy(assembly.write(), assembly.stack, aws)
    assert outputs.keys() == {"WorkName", "Bucket"}
    assert bench.invoke(outputs["WorkName"]) == (1, None)
    note = aws.note or {}
    assert (note["stack"], note["outputs"]) == (assembly.stack, outputs)

    assert deploy(assembly.write(), assembly.stack, aws) == outputs

    assembly.add_function("Work", "def handle(event, context): return 2")
    assert deploy(assembly.write(), assembly.stack, aws)["WorkName"] == outputs["WorkName"]
    assert bench.invoke(outputs["WorkName"]) == (2, None)

    bench.client("s3").put_object(Bucket=outputs["Bucket"], Key="left", Body=b"behind")
    destroy(assembly.stack, aws)
    assert outputs["Bucket"] not in [b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]]
    assert "stack" not in (aws.note or {})
    destroy(assembly.stack, aws)


def test_failed_stack_names_the_resource_and_the_reason(
    aws: EmbeddedAws, assembly: Assembly
) -> None:
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {}}
    assembly.resources["Machine"] = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DefinitionString": json.dumps(definition),
        },
    }
    with pytest.raises(DeployFailedError, match=r"Machine .*StateMachine.*no state 'A'"):
        deploy(assembly.write(), assembly.stack, aws)
    # Once mended, it deploys.
    definition["States"] = {"A": {"Type": "Succeed"}}
    properties = assembly.resources["Machine"]["Properties"]
    properties["DefinitionString"] = json.dumps(definition)
    deploy(assembly.write(), assembly.stack, aws)
    destroy(assembly.stack, aws)


def test_reserved_concurrency_of_the_template_counts(
    bench: Bench, aws: EmbeddedAws, assembly: Assembly
) -> None:
    assembly.add_function(
        "Work", "def handle(event, context): pass", ReservedConcurrentExecutions=0
    )
    name = deploy(assembly.write(), assembly.stack, aws)["WorkName"]
    functions = bench.client("lambda")
    with pytest.raises(functions.exceptions.TooManyRequestsException):
        functions.invoke(FunctionName=name)
    del assembly.resources["Work"]["Properties"]["ReservedConcurrentExecutions"]
    deploy(assembly.write(), assembly.stack, aws)
    assert bench.invoke(name) == (None, None)
    destroy(assembly.stack, aws)


def test_zips_are_kept_for_the_next_engine(tmp_path: Path, assembly: Assembly) -> None:
    assembly.add_function("Work", "def handle(event, context): return 1")
    home = tmp_path / "home"
    with EmbeddedAws(home) as aws:
        deploy(assembly.write(), assembly.stack, aws)
        (kept,) = aws.home.zips_path.iterdir()
        made = kept.stat().st_mtime_ns
    with EmbeddedAws(home) as aws:
        name = deploy(assembly.write(), assembly.stack, aws)["WorkName"]
        assert Bench(aws).invoke(name) == (1, None)
        assert kept.stat().st_mtime_ns == made
