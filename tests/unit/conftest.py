"""Unit tests run on moto in this process, with sockets off but for loopback."""

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws
from pytest_socket import socket_allow_hosts

from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import MediaStore

BUCKET = "media"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def jobs(aws: None) -> JobsTable:  # noqa: ARG001 - made inside it
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="jobs",
        KeySchema=[{"AttributeName": "job_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "job_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return JobsTable(dynamodb, "jobs")


@pytest.fixture
def store(aws: None) -> MediaStore:  # noqa: ARG001 - made inside it
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return MediaStore(s3, BUCKET)
