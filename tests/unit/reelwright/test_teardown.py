"""What is said before a stack is deleted is so, and what is to go is made ready to go."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from reelwright import teardown
from reelwright.errors import NotFoundError
from reelwright.teardown import empty, tear_down
from tests.mocked_aws import mocked_aws

STACK, BUCKET = "Reelwright-dev", "media"


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mocked_aws():
        yield


class CloudFormation:
    """With one stack, told as AWS tells it; moto's own needs more than is installed here."""

    def __init__(self, resources: dict[str, Any], physical: dict[str, str]) -> None:
        self.resources, self.physical = resources, physical

    def get_template(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if StackName != STACK:
            said = {"Code": "ValidationError", "Message": f"Stack {StackName} does not exist"}
            raise ClientError({"Error": said}, "GetTemplate")
        return {"TemplateBody": {"Resources": self.resources}}

    def get_paginator(self, _name: str) -> "CloudFormation":
        return self

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert StackName == STACK
        for name, found in self.resources.items():
            summary = {
                "LogicalResourceId": name,
                "PhysicalResourceId": self.physical.get(name, name),
                "ResourceType": found["Type"],
            }
            yield {"StackResourceSummaries": [summary]}


class Session:
    """boto3's, with that CloudFormation."""

    def __init__(self, cloudformation: CloudFormation) -> None:
        self.cloudformation = cloudformation

    def client(self, name: str) -> Any:
        return self.cloudformation if name == "cloudformation" else boto3.client("s3")


def deployed(policy: str) -> Any:
    """A stack with a table, a queue, and the bucket `media` that holds four versions."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in "a", "a", "b":
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key="b")
    resources = {
        "Jobs": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": policy},
        "Media": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Api": {"Type": "AWS::ApiGatewayV2::Api"},
    }
    return Session(CloudFormation(resources, {"Media": BUCKET}))


def versions() -> int:
    found = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    return len([*found.get("Versions", []), *found.get("DeleteMarkers", [])])


def answering(text: str) -> Callable[[str], str]:
    return lambda _question: text


def test_what_is_kept_is_said_and_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    session = deployed("Retain")

    assert tear_down(STACK, session, answering(STACK))

    assert capsys.readouterr().out.splitlines() == [
        f"{STACK}: 1 tables, 1 buckets are kept when it is deleted.",
        f"{STACK}: 1 queues with their messages are REMOVED when it is deleted.",
        "It was deployed with removal_policy=retain; for the other, deploy with destroy first.",
    ]
    assert versions() == 4


def test_what_is_removed_is_said_before_and_emptied(capsys: pytest.CaptureFixture[str]) -> None:
    session = deployed("Delete")
    seen: list[int] = []

    def ask(_question: str) -> str:
        seen.append(versions())
        assert "1 buckets" in capsys.readouterr().out
        return f" {STACK}\n"

    assert tear_down(STACK, session, ask)

    assert (seen, versions()) == ([4], 0)
    assert capsys.readouterr().out == f"{BUCKET}: 4 objects removed\n"
    boto3.client("s3").delete_bucket(Bucket=BUCKET)


@pytest.mark.parametrize("answer", ["", "yes", "Reelwright"])
def test_another_answer_removes_nothing(answer: str) -> None:
    session = deployed("Delete")
    assert not tear_down(STACK, session, answering(answer))
    assert versions() == 4


def test_nobody_is_asked_who_said_yes() -> None:
    session = deployed("Delete")
    assert tear_down(STACK, session, None)
    assert versions() == 0


def test_its_own_log_does_not_fill_the_next_bucket() -> None:
    deployed("Delete")
    s3 = boto3.client("s3")
    owner = s3.get_bucket_acl(Bucket=BUCKET)["Owner"]
    s3.create_bucket(Bucket="log")
    group = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    grants: Any = [
        {"Grantee": {"Type": "Group", "URI": group}, "Permission": permission}
        for permission in ("WRITE", "READ_ACP")
    ]
    s3.put_bucket_acl(Bucket="log", AccessControlPolicy={"Owner": owner, "Grants": grants})
    target: Any = {"LoggingEnabled": {"TargetBucket": "log", "TargetPrefix": ""}}
    s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus=target)

    empty(s3, BUCKET)

    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=BUCKET)


def test_a_stack_that_is_not_there_is_said_so() -> None:
    with pytest.raises(NotFoundError, match="There is no stack Other here"):
        tear_down("Other", deployed("Retain"), None)


def test_the_command_says_it_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["teardown", "Other", "--yes"])
    monkeypatch.setattr(teardown.boto3, "Session", lambda: deployed("Retain"))
    assert teardown.main() == 1
    assert capsys.readouterr().err == "There is no stack Other here. check the region\n"
