"""The API's tables and queue in moto, and its handler called as API Gateway calls it."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore.config import Config

from functions.cancel_job.cancel import cancel
from functions.handle_api import handler
from functions.handle_api.submit import JobQueue
from functions.register_job.register import register
from functions.shared.job import parse_input
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import Keys, MediaStore
from functions.shared.submissions import Submissions
from functions.shared.turns_table import TurnsTable
from tests.unit.conftest import BUCKET, CEILING, GOOD, NOW, Answers, Desk, Executions

ANN, BEN = "ann-6c1d9d7e", "ben-0f8fad5b"
READABLE = (BUCKET, "footage")


@dataclass
class Answer:
    """What the handler gave API Gateway."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Context:
    """Lambda's, as far as it is used."""

    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def resized(event: dict[str, Any]) -> dict[str, Any]:
    """What `resize_snapshot` answers."""
    key = Keys(event["job_id"]).resized(event["name"], event["width"])
    return {"key": key, "width": event["width"], "height": 36, "size_bytes": 5}


@dataclass
class FakeLambdas:
    """The functions the API calls, run here. `failing` ends a call by its name as Lambda does."""

    jobs: JobsTable
    called: list[str] = field(default_factory=list)
    failing: dict[str, dict[str, str]] = field(default_factory=dict)

    def invoke(self, FunctionName: str, Payload: str | bytes) -> dict[str, Any]:  # noqa: N803
        self.called.append(FunctionName)
        event = json.loads(Payload)
        error = self.failing.get(FunctionName)
        try:
            if error is None and FunctionName == "resize":
                return {"Payload": io.BytesIO(json.dumps(resized(event)).encode())}
            if error is None and FunctionName == "register":
                register(event[0], self.jobs, READABLE, NOW)
            elif error is None:
                cancel(self.jobs, Executions(), Answers(), event["job_id"], CEILING, NOW)
        except Exception as raised:  # noqa: BLE001 - as Lambda tells it
            error = {"errorType": type(raised).__name__, "errorMessage": str(raised)}
        payload = io.BytesIO(json.dumps(error or {}).encode())
        return {"Payload": payload, **({"FunctionError": "Unhandled"} if error else {})}


class Gateway:
    """Calls the handler as API Gateway does."""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        sub: str | None = ANN,
        groups: str = "",
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **claims: str,
    ) -> Answer:
        """`body`: JSON, or text as it is. `sub` None: a route without an authorizer."""
        told = {"sub": sub, "token_use": "access", "cognito:groups": groups, **claims}
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": urlencode(query or {}),
            "headers": headers or {},
            "requestContext": {
                "http": {"method": method, "path": path},
                "stage": "$default",
                "requestId": "gateway-1",
                **({"authorizer": {"jwt": {"claims": told, "scopes": []}}} if sub else {}),
            },
            "isBase64Encoded": isinstance(body, bytes),
            **({"queryStringParameters": query} if query else {}),
        }
        if body is not None:
            event["body"] = _as_sent(body)
        given = handler.handle(event, Context())
        sent = given["body"]
        text = base64.b64decode(sent).decode() if given["isBase64Encoded"] else sent
        return Answer(given["statusCode"], given["headers"], text)


@dataclass
class Api(Gateway):
    """The API with all that is behind it."""

    jobs: JobsTable
    submissions: Submissions
    queue: JobQueue
    store: MediaStore
    lambdas: FakeLambdas

    def sent(self) -> list[dict[str, Any]]:
        """Takes what is on the queue."""
        messages: list[dict[str, Any]] = []
        while found := self.queue.sqs.receive_message(
            QueueUrl=self.queue.url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["MessageGroupId", "MessageDeduplicationId"],
        ).get("Messages"):
            for message in found:
                messages.append(message)  # type: ignore[arg-type]
                self.queue.sqs.delete_message(
                    QueueUrl=self.queue.url, ReceiptHandle=message["ReceiptHandle"]
                )
        return messages

    def register(self, now: datetime = NOW) -> list[dict[str, Any]]:
        """What the pipe does with each message; returns the started executions' inputs."""
        started = []
        for message in self.sent():
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            job = register(record, self.jobs, READABLE, now)
            if job is not None:
                started.append(job)
        return started

    def queue_job(self, job_id: str, now: datetime = NOW, **more: Any) -> None:
        """A registered job. `owner` is ANN unless given."""
        request = parse_input({**_good(more.get("owner", ANN)), **more, "job_id": job_id})
        assert self.jobs.register(job_id, request, "queue", now) is None

    @property
    def desk(self) -> Desk:
        return Desk(self.jobs)


def _as_sent(body: Any) -> str:
    match body:
        case bytes():
            return base64.b64encode(body).decode()
        case str():
            return body
    return json.dumps(body)


def _good(owner: str | None) -> dict[str, Any]:
    """A request whose source is the owner's."""
    place = f"uploads/{owner}/" if owner else "uploads/"
    return {**GOOD, "source": f"s3://{BUCKET}/{place}a.mp4", "owner": owner}


def wanted(owner: str = ANN, **more: Any) -> dict[str, Any]:
    """A body of POST /jobs."""
    return {key: value for key, value in {**_good(owner), **more}.items() if key != "owner"}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The API with nothing behind it: for what is answered before anything is asked."""
    for name in ("jobs_table", "submissions", "media_store", "lambdas", "sqs"):
        monkeypatch.setattr(handler, name, _nothing)
    monkeypatch.setenv("MAX_SOURCE_BYTES", "1000")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "handle_api")
    return Gateway()


def _nothing() -> Any:
    raise AssertionError("nothing was to be asked")


@pytest.fixture
def api(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> Api:
    dynamodb = boto3.client("dynamodb")
    text = ("job_id", "owner", "created_at", "created_day")
    dynamodb.create_table(
        TableName="jobs",
        KeySchema=[{"AttributeName": "job_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in text],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": key, "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, key in (("by_owner", "owner"), ("by_day", "created_day"))
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for table, keys in (
        ("turns", {"lane": "S", "sequence": "N"}),
        ("submissions", {"job_id": "S"}),
    ):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="jobs.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    jobs = JobsTable(dynamodb, "jobs", TurnsTable(dynamodb, "turns"))
    made = Api(
        jobs,
        Submissions(dynamodb, "submissions"),
        JobQueue(sqs, url),
        MediaStore(boto3.client("s3", config=Config(signature_version="s3v4")), store.bucket),
        FakeLambdas(jobs),
    )
    behind: dict[str, Callable[[], Any]] = {
        "jobs_table": lambda: made.jobs,
        "submissions": lambda: made.submissions,
        "media_store": lambda: made.store,
        "lambdas": lambda: made.lambdas,
        "sqs": lambda: sqs,
        "readable_buckets": lambda: READABLE,
        "_now": lambda: NOW,
    }
    for name, give in behind.items():
        monkeypatch.setattr(handler, name, give)
    monkeypatch.setenv("QUEUE_URL", url)
    monkeypatch.setenv("REGISTER_JOB_FUNCTION", "register")
    monkeypatch.setenv("CANCEL_JOB_FUNCTION", "cancel")
    monkeypatch.setenv("RESIZE_SNAPSHOT_FUNCTION", "resize")
    monkeypatch.setenv("MAX_SOURCE_BYTES", str(100 * 2**30))
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "handle_api")
    return made
