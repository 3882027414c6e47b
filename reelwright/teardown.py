"""Before a stack is deleted: say what of its data stays and what goes, and empty what goes.

python -m reelwright.teardown STACK [--yes]

What the deployed template says counts, not what a deploy would say now.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from reelwright.aws_calls import told
from reelwright.errors import NotFoundError, ReelwrightClientError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client

_DATA = {
    "AWS::S3::Bucket": "buckets",
    "AWS::DynamoDB::Table": "tables",
    "AWS::Cognito::UserPool": "user pools",
    "AWS::KMS::Key": "keys",
    "AWS::SecretsManager::Secret": "secrets",
    "AWS::Logs::LogGroup": "logs",
    "AWS::SQS::Queue": "queues with their messages",
}
_STAYS = {"Retain", "RetainExceptOnCreate", "Snapshot"}


@dataclass(frozen=True)
class Holding:
    """A resource that holds data."""

    name: str
    kind: str
    stays: bool


def holdings(cloudformation: "CloudFormationClient", stack: str) -> list[Holding]:
    """What the stack holds, by its deployed template. NotFoundError: there is no such stack."""
    try:
        body: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
    except ClientError as fault:
        if fault.response["Error"].get("Code") == "ValidationError":
            raise NotFoundError(f"There is no stack {stack} here.", "check the region") from fault
        raise
    template: Mapping[str, Any] = body["Resources"]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        Holding(
            found["PhysicalResourceId"],
            found["ResourceType"],
            template[found["LogicalResourceId"]].get("DeletionPolicy") in _STAYS,
        )
        for page in pages
        for found in page["StackResourceSummaries"]
        if found["ResourceType"] in _DATA and found["LogicalResourceId"] in template
    ]


def sentences(stack: str, held: list[Holding]) -> Iterator[str]:
    """What stays and what goes, a line each."""
    for stays, verb in (True, "are kept"), (False, "are REMOVED"):
        counts = Counter(_DATA[one.kind] for one in held if one.stays == stays)
        if counts:
            listed = ", ".join(f"{count} {kind}" for kind, count in counts.items())
            yield f"{stack}: {listed} {verb} when it is deleted."
    policy = "destroy" if any(_is_going_bucket(one) for one in held) else "retain"
    other = {"destroy": "retain", "retain": "destroy"}[policy]
    yield f"It was deployed with removal_policy={policy}; for the other, deploy with {other} first."


def empty(s3: "S3Client", bucket: str) -> int:
    """Remove every object and version; how many. CloudFormation deletes only empty buckets."""
    # What is removed now would be logged into a bucket that is to go, too.
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    removed = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
        if objects:
            answer = s3.delete_objects(
                Bucket=bucket,
                Delete={"Objects": objects, "Quiet": True},  # type: ignore[typeddict-item]
            )
            for fault in answer.get("Errors", [])[:1]:
                raise ReelwrightClientError(
                    f"{bucket}/{fault.get('Key')} was not removed: {fault.get('Code')}."
                )
        removed += len(objects)
    return removed


def tear_down(stack: str, session: boto3.Session, ask: Callable[[str], str] | None) -> bool:
    """Whether the stack may be deleted now. `ask` None: nobody is asked."""
    with told(f"the stack {stack} can't be looked up"):
        held = holdings(session.client("cloudformation"), stack)
    for sentence in sentences(stack, held):
        sys.stdout.write(f"{sentence}\n")
    if ask and ask(f"Write {stack} to delete it: ").strip() != stack:
        sys.stdout.write("Nothing was deleted.\n")
        return False
    s3 = session.client("s3")
    for one in filter(_is_going_bucket, held):
        with told(f"the bucket {one.name} can't be emptied"):
            sys.stdout.write(f"{one.name}: {empty(s3, one.name)} objects removed\n")
    return True


def _is_going_bucket(one: Holding) -> bool:
    return one.kind == "AWS::S3::Bucket" and not one.stays


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    asked = parser.parse_args()
    try:
        return 0 if tear_down(asked.stack, boto3.Session(), None if asked.yes else input) else 1
    except ReelwrightClientError as error:
        sys.stderr.write(f"{error} {error.next_step}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
