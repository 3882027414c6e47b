"""What a run made is noted by the calls that made it, and removed by those notes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from functions.shared.cost import Buying, cost_of
from functions.shared.errors import CancelRefused
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import Keys, MediaStore
from functions.shared.meter import Used
from functions.shared.receipts import Receipt, leave, receipts_of
from functions.shared.turns_table import TurnsTable
from reelwright.direct import DirectClient
from tests.mocked_aws import mocked_aws
from tests.on_aws.cleaning import Cleaner
from tests.on_aws.journal import Journal

BUYING = Buying.read("STANDARD", "7")
POOL = "us-east-1_pool"
RECEIPT = Receipt("render_chunk", "arm64", 4000, 1769, 512, Used(3, 2, 1, 5000, 1.0, 1.0))


@dataclass
class Pool:
    """A user pool, as much of it as is asked for: name by `sub`. moto's needs what is not here."""

    names: dict[str, str]

    def list_users(self, UserPoolId: str, Filter: str) -> Any:  # noqa: N803 - boto3's
        assert UserPoolId == POOL
        asked = Filter.removeprefix('sub = "').removesuffix('"')
        return {"Users": [{"Username": name} for sub, name in self.names.items() if sub == asked]}

    def admin_delete_user(self, UserPoolId: str, Username: str) -> None:  # noqa: N803
        assert UserPoolId == POOL
        self.names = {sub: name for sub, name in self.names.items() if name != Username}


@dataclass(frozen=True)
class Session:
    """moto's, but for the user pool."""

    real: boto3.Session
    pool: Pool

    def client(self, service: str) -> Any:
        return self.pool if service == "cognito-idp" else self.real.client(service)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Account:
    """With as much of a stack as is cleaned."""

    session: boto3.Session
    client: DirectClient
    journal: Journal
    pool: Pool

    @property
    def cleaner(self) -> Cleaner:
        session: Any = Session(self.session, self.pool)
        return Cleaner(self.client, session, "submissions", BUYING, sleep=_never)

    def has_ended(self, job_id: str, status: str = "COMPLETE", **more: Any) -> None:
        """A row, as a job leaves it."""
        row = {"job_id": job_id, "status": status, "created_at": "2026", **more}
        item = {name: {"S": value} for name, value in row.items()}
        self.client.jobs.dynamodb.put_item(TableName="jobs", Item=item)  # type: ignore[arg-type]

    def keys(self) -> list[str]:
        listed = self.client.store.s3.list_object_versions(Bucket="media")
        return sorted(one["Key"] for one in listed.get("Versions", []))


def _never(_seconds: float) -> None:
    pytest.fail("nothing is to be waited for")


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with mocked_aws():
        session = boto3.Session("test", "test", region_name="us-east-1")
        journal = Journal(tmp_path / "journal.jsonl")
        dynamodb = session.client("dynamodb")
        dynamodb.create_table(
            TableName="jobs",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("job_id", "owner", "created_at")
            ],
            KeySchema=[{"AttributeName": "job_id", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by_owner",
                    "KeySchema": [
                        {"AttributeName": "owner", "KeyType": "HASH"},
                        {"AttributeName": "created_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        dynamodb.create_table(
            TableName="submissions",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "job_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "job_id", "KeyType": "HASH"}],
        )
        s3 = session.client("s3")
        s3.create_bucket(Bucket="media")
        s3.put_bucket_versioning(Bucket="media", VersioningConfiguration={"Status": "Enabled"})
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "false"}
        url = session.client("sqs").create_queue(QueueName="q.fifo", Attributes=attributes)
        client = DirectClient(
            outputs={"UserPoolId": POOL, "QueueUrl": url["QueueUrl"]},
            sqs=session.client("sqs"),
            states=session.client("stepfunctions"),
            functions=session.client("lambda"),
            jobs=JobsTable(dynamodb, "jobs", TurnsTable(dynamodb, "turns")),
            store=MediaStore(s3, "media"),
        )
        yield Account(session, client, journal, Pool({"sub-1": "ann", "sub-2": "other"}))


def made_user(request: Any, **_: Any) -> AWSResponse:
    """Cognito's answer, without a network."""
    body = {"User": {"Username": "u", "Attributes": [{"Name": "sub", "Value": "sub-9"}]}}
    headers: Any = {"Content-Type": "application/x-amz-json-1.1"}
    answer = AWSResponse(request.url, 200, headers, None)  # type: ignore[arg-type]
    answer._content = json.dumps(body).encode()  # type: ignore[attr-defined]
    return answer


def watched(account: Account) -> Any:
    """The session's clients from now on; those before are not watched."""
    account.journal.watch(account.session)
    return account.session.client


def test_what_calls_make_is_noted_by_its_name(account: Account) -> None:
    client = watched(account)
    sent = client("sqs").send_message(
        QueueUrl=account.client.outputs["QueueUrl"],
        MessageBody=json.dumps({"job_id": "test-1"}),
        MessageGroupId="a",
        MessageDeduplicationId="a",
    )
    client("s3").put_object(Bucket="media", Key="uploads/x/clip.mp4", Body=b"1")
    own = client("sqs").create_queue(QueueName="test-own")["QueueUrl"]
    client("events").put_rule(Name="test-rule", EventPattern="{}")

    names = account.journal.names
    assert names("job") == ["test-1", sent["MessageId"]]
    assert names("object") == ["media/uploads/x/clip.mp4"]
    assert names("queue") == [own]
    assert names("rule") == ["default test-rule"]


def test_a_user_is_noted_by_what_owns_its_jobs(tmp_path: Path) -> None:
    session, journal = boto3.Session(region_name="us-east-1"), Journal(tmp_path / "journal.jsonl")
    journal.watch(session)
    session.events.register("before-send", made_user)
    session.client("cognito-idp").admin_create_user(UserPoolId=POOL, Username="ann@example.com")
    assert journal.names("user") == ["sub-9"]


def test_what_was_refused_is_not_noted(account: Account) -> None:
    client = watched(account)
    with pytest.raises(client("s3").exceptions.ClientError):
        client("s3").put_object(Bucket="no-such-bucket", Key="a", Body=b"1")
    assert account.journal.names("object") == []


def test_all_that_is_noted_is_removed_and_nothing_else(account: Account) -> None:
    store, journal = account.client.store, account.journal
    sub = "sub-1"
    own = account.session.client("sqs").create_queue(QueueName="test-own")["QueueUrl"]
    for job_id in ("mine", "other"):
        account.has_ended(job_id)
        for key in (Keys(job_id).output("a"), Keys(job_id).output("a"), Keys(job_id).audio("a")):
            store.s3.put_object(Bucket="media", Key=key, Body=b"1")
    account.has_ended("by-api", owner=sub)
    store.s3.put_object(Bucket="media", Key=f"uploads/{sub}/1/a.mp4", Body=b"1")
    store.s3.put_object(Bucket="media", Key="uploads/o/a.mp4", Body=b"1")
    store.s3.create_multipart_upload(Bucket="media", Key=f"uploads/{sub}/2/b.mp4")
    for kind, name in (("job", "mine"), ("job", "never-seen"), ("user", sub), ("queue", own)):
        journal.note(kind, name)

    cleaned = account.cleaner.clean(journal)

    assert cleaned.left == []
    assert cleaned.removed == {"rows": 2, "objects": 4, "uploads": 1, "users": 1, "queues": 1}
    assert account.client.job("mine") is None
    assert account.client.job("by-api") is None
    assert account.client.job("other") is not None
    assert account.keys() == sorted(
        [*[Keys("other").output("a")] * 2, Keys("other").audio("a"), "uploads/o/a.mp4"]
    )
    assert account.pool.names == {"sub-2": "other"}
    # A second time there is nothing left to do.
    assert not +account.cleaner.clean(journal).removed


def test_what_can_not_be_removed_is_told_and_the_rest_goes(account: Account) -> None:
    account.has_ended("first")
    account.has_ended("second")
    account.journal.note("job", "first")
    account.journal.note("job", "second")

    def deny(model: Any, params: Any, **_: Any) -> None:
        if "first" in str(params):
            raise account.client.store.s3.exceptions.ClientError(
                {"Error": {"Code": "AccessDenied", "Message": "no"}}, model.name
            )

    account.client.jobs.dynamodb.meta.events.register("before-call.dynamodb.DeleteItem", deny)
    cleaned = account.cleaner.clean(account.journal)

    (line,) = cleaned.left
    assert line.startswith("job first: ")
    assert "AccessDenied" in line
    assert account.client.job("second") is None


@pytest.mark.parametrize("answer", [CancelRefused("being published"), RuntimeError("no")])
def test_a_job_that_does_not_end_keeps_what_it_has(
    account: Account, monkeypatch: pytest.MonkeyPatch, answer: Exception
) -> None:
    account.has_ended("first", "RUNNING")
    account.has_ended("second")
    part = Keys("first").audio("a")
    account.client.store.s3.put_object(Bucket="media", Key=part, Body=b"1")
    for job_id in ("first", "second"):
        account.journal.note("job", job_id)
    monkeypatch.setattr(DirectClient, "cancel", Mock(side_effect=answer))
    waited: list[float] = []

    cleaned = replace(account.cleaner, sleep=waited.append).clean(account.journal)

    (line,) = cleaned.left
    is_refused = isinstance(answer, CancelRefused)
    said = "it is still RUNNING after 120 s" if is_refused else "no"
    assert line == f"job first: {said}"
    assert sum(waited) == (120 if is_refused else 0)
    assert account.keys() == [part]
    assert account.client.job("first") is not None
    assert account.client.job("second") is None


def test_the_bill_is_that_of_the_receipts(account: Account) -> None:
    store = account.client.store
    for job_id, status in (("done", "COMPLETE"), ("failed", "FAILED")):
        account.has_ended(job_id, status)
        leave(store, job_id, "request-1", RECEIPT)
        account.journal.note("job", job_id)
    each = cost_of(receipts_of(store, "done")[0], BUYING).usd

    costs = account.cleaner.clean(account.journal).costs

    assert (costs.jobs, costs.unknown) == (2, 0)
    assert costs.usd == 2 * each > Decimal(0)
    first, *items, last = costs.lines()
    assert first.startswith(f"2 jobs cost {2 * each:.4f} USD at list prices of ")
    assert any("lambda compute" in item for item in items)
    assert last.startswith("Not in it: ")


def test_the_bill_says_when_receipts_can_not_be_read(account: Account) -> None:
    account.has_ended("odd")
    key = f"{Keys('odd').receipts}render_chunk/r/of-another-version"
    account.client.store.s3.put_object(Bucket="media", Key=key, Body=b"")
    account.journal.note("job", "odd")
    costs = account.cleaner.clean(account.journal).costs
    assert costs.unknown == 1
    assert "Of 1 jobs not all receipts could be read: they cost more." in list(costs.lines())
