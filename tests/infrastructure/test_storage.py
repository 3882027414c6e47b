"""What is kept, for how long, and who can read it."""

import pytest

from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import Resource, Synthesis, plain


def media_bucket(stack: Synthesis) -> Resource:
    (found,) = [
        bucket["Properties"]
        for bucket in stack.of_type("AWS::S3::Bucket").values()
        if "LoggingConfiguration" in bucket["Properties"]
    ]
    return dict(found)


def test_media_is_private_encrypted_and_logged(stack: Synthesis) -> None:
    bucket = media_bucket(stack)

    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert plain(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) == "Key"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "VersioningConfiguration" not in bucket
    assert plain(bucket["LoggingConfiguration"]["DestinationBucketName"]) == "MediaAccessLog"


@pytest.mark.aws("s3-lifecycle")
def test_parts_expire_and_results_stay(stack: Synthesis) -> None:
    rules = media_bucket(stack)["LifecycleConfiguration"]["Rules"]

    assert {
        "Id": "ExpireParts",
        "ExpirationInDays": 7,
        "Prefix": "parts/",
        "Status": "Enabled",
    } in rules
    assert [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule] == ["parts/"]
    assert [
        rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        for rule in rules
        if "AbortIncompleteMultipartUpload" in rule
    ] == [1]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Jobs", {"job_id": ("HASH", "S")}),
        ("Turns", {"lane": ("HASH", "S"), "sequence": ("RANGE", "N")}),
        ("Submissions", {"job_id": ("HASH", "S")}),
    ],
)
def test_records_are_paid_by_request_and_restorable(
    stack: Synthesis, name: str, keys: dict[str, tuple[str, str]]
) -> None:
    table = stack.named(name)

    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    schema = {one["AttributeName"]: one["KeyType"] for one in table["KeySchema"]}
    assert {key: (schema[key], types[key]) for key in schema} == keys
    # Nothing is decided on an eventual read: only lists of jobs begin with one.
    assert ("GlobalSecondaryIndexes" in table) == (name == "Jobs")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


@pytest.mark.parametrize(("policy", "expected"), [("retain", "Retain"), ("destroy", "Delete")])
def test_the_stage_says_what_outlives_the_stack(
    synthesize: Synthesize, policy: str, expected: str
) -> None:
    stack = synthesize(removal_policy=policy)

    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup"):
        assert {found["DeletionPolicy"] for found in stack.of_type(kind).values()} == {expected}
