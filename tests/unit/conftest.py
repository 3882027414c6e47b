"""Unit tests run on moto in this process, with sockets off but for loopback."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from pytest_socket import socket_allow_hosts

from functions.shared.executions import Look
from functions.shared.job import parse_input
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import MediaStore
from functions.shared.turns import Heard, grant_turns
from functions.shared.turns_table import TurnsTable
from tests.mocked_aws import mocked_aws

BUCKET = "media"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CEILING = 2
GOOD = {"source": "s3://media/uploads/a.mp4", "render": {"outputs": [{}]}}


@dataclass
class Answers:
    """An Answerer that keeps what it was told. Nobody waits on a token in `dead`."""

    told: dict[str, int] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)

    def go(self, token: str, epoch: int) -> Heard:
        if token in self.dead or token in self.told:
            return "dead"
        self.told[token] = epoch
        return "heard"


@dataclass
class Executions:
    """Executions that run, but for those with a look of their own."""

    looks: dict[str, Look] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)

    def look(self, execution_arn: str) -> Look:
        return self.looks.get(execution_arn, Look("RUNNING"))

    def stop(self, execution_arn: str, error: str, cause: str) -> None:
        self.stopped.append(execution_arn)
        self.looks[execution_arn] = Look("ABORTED", error, cause)


@dataclass
class Desk:
    """The tables and what acts on them, as tests speak of them. Tokens are the jobs' ids."""

    jobs: JobsTable
    answers: Answers = field(default_factory=Answers)
    executions: Executions = field(default_factory=Executions)

    def queue(self, job_id: str, now: datetime = NOW, **more: Any) -> None:
        assert self.jobs.register(job_id, parse_input({**GOOD, **more}), "queue", now) is None

    def wait(self, job_id: str, now: datetime = NOW, **more: Any) -> None:
        """Claimed, with a token."""
        self.queue(job_id, now, **more)
        assert self.jobs.claim(job_id, arn(job_id), now, reopen=False)
        turn = self.turn(job_id)
        assert turn is not None
        assert self.jobs.turns.store_token(turn, job_id, arn(job_id))

    def run(self, job_id: str, now: datetime = NOW, **more: Any) -> None:
        self.wait(job_id, now, **more)
        self.grant()
        self.jobs.start(job_id, arn(job_id), self.answers.told[job_id], now)

    def grant(self, ceiling: int = CEILING) -> int:
        return grant_turns(self.jobs.turns, self.answers, ceiling)

    def row(self, job_id: str = "a") -> dict[str, Any]:
        found = self.jobs.get(job_id)
        assert found is not None
        return found

    def status(self, job_id: str = "a") -> str:
        return str(self.row(job_id)["status"])

    def turn(self, job_id: str) -> Any:
        row = self.row(job_id)
        return self.jobs.turns.get(row["lane"], int(row["sequence"]))


def arn(job_id: str) -> str:
    return f"arn:aws:states:us-east-1:123456789012:execution:Render:{job_id}"


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture
def aws() -> Iterator[None]:
    with mocked_aws():
        yield


@pytest.fixture
def jobs(aws: None) -> JobsTable:  # noqa: ARG001 - made inside it
    dynamodb = boto3.client("dynamodb")
    for table, key, sort in (("jobs", "job_id", ""), ("turns", "lane", "sequence")):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": key, "KeyType": "HASH"},
                *([{"AttributeName": sort, "KeyType": "RANGE"}] if sort else []),
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"},
                *([{"AttributeName": sort, "AttributeType": "N"}] if sort else []),
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    return JobsTable(dynamodb, "jobs", TurnsTable(dynamodb, "turns"))


@pytest.fixture
def desk(jobs: JobsTable) -> Desk:
    return Desk(jobs)


@pytest.fixture
def store(aws: None) -> MediaStore:  # noqa: ARG001 - made inside it
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    return MediaStore(s3, BUCKET)
