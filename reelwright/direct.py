"""A stack by the AWS services it is made of, past its API: for the demo, benchmarks and tests.

Whoever uses it has AWS credentials of an operator. Only the stack's outputs and public AWS calls
are used, so the same code speaks to a stack on AWS and to the embedded one. Programs use `Client`.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3

from functions.shared import progress
from functions.shared.errors import CancelRefused
from functions.shared.job import parse_input
from functions.shared.jobs_table import TERMINAL, JobsTable
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan
from functions.shared.submissions import message_group
from functions.shared.turns_table import TurnsTable

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_sqs import SQSClient
    from types_boto3_stepfunctions import SFNClient

__all__ = ["TERMINAL", "DirectClient", "Job", "Progress", "Stage"]

Job = dict[str, Any]


@dataclass(frozen=True)
class Progress:
    """What exists already against what is planned: derived from the store, so never wrong."""

    status: str
    done: int
    total: int
    """0 while there is no plan yet."""


@dataclass(frozen=True)
class Stage:
    """A state of the execution, in seconds since the execution's start."""

    name: str
    kind: str
    """Task, Choice, Map, …"""
    start_s: float
    end_s: float


@dataclass(frozen=True)
class DirectClient:
    """One stack. `outputs` are its CloudFormation outputs."""

    outputs: Mapping[str, str]
    sqs: "SQSClient"
    states: "SFNClient"
    functions: "LambdaClient"
    jobs: JobsTable
    store: MediaStore

    @classmethod
    def connect(
        cls, outputs: Mapping[str, str], session: boto3.Session, endpoint: str | None
    ) -> Self:
        """`endpoint` is the embedded AWS's, None on AWS."""
        dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        return cls(
            outputs=outputs,
            sqs=session.client("sqs", endpoint_url=endpoint),
            states=session.client("stepfunctions", endpoint_url=endpoint),
            functions=session.client("lambda", endpoint_url=endpoint),
            jobs=JobsTable(
                dynamodb,
                outputs["JobsTableName"],
                TurnsTable(dynamodb, outputs["TurnsTableName"]),
            ),
            store=MediaStore(
                session.client("s3", endpoint_url=endpoint), outputs["MediaBucketName"]
            ),
        )

    @classmethod
    def of_stack(cls, stack: str, session: boto3.Session) -> Self:
        """A stack on AWS, by its name."""
        described = session.client("cloudformation").describe_stacks(StackName=stack)
        listed = described["Stacks"][0].get("Outputs", [])
        outputs = {one["OutputKey"]: one["OutputValue"] for one in listed}
        return cls.connect(outputs, session, None)

    def upload(self, file: Path) -> str:
        """Put a local file where the stack may read it; returns its s3:// URL."""
        name = re.sub(r"[^A-Za-z0-9.]+", "-", file.name).strip("-.") or "source"
        key = f"uploads/{uuid.uuid4().hex}/{name}"
        self.store.s3.upload_file(str(file), self.store.bucket, key)
        return f"s3://{self.store.bucket}/{key}"

    def submit(self, request: Mapping[str, Any]) -> str:
        """Put one message on the queue; returns the job's id. InvalidRequest before it is sent."""
        job_id = str(request.get("job_id") or uuid.uuid4().hex)
        parsed = parse_input({**request, "job_id": job_id})
        self.send(
            json.dumps({**request, "job_id": job_id}),
            group=message_group(parsed),
            deduplication=job_id,
        )
        return job_id

    def send(self, body: str, *, group: str, deduplication: str) -> str:
        """Put any text on the queue; returns the message's id."""
        return self.sqs.send_message(
            QueueUrl=self.outputs["QueueUrl"],
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=deduplication,
        )["MessageId"]

    def start(self, request: Mapping[str, Any], name: str | None = None) -> str:
        """Start an execution by hand, past the queue; returns its ARN."""
        return self.states.start_execution(
            stateMachineArn=self.outputs["StateMachineArn"],
            name=name or uuid.uuid4().hex,
            input=json.dumps(request),
        )["executionArn"]

    def cancel(self, job_id: str) -> str:
        """Cancel a job; returns its status. CancelRefused says why it can't be cancelled."""
        answer = self.functions.invoke(
            FunctionName=self.outputs["CancelJobFunctionName"],
            Payload=json.dumps({"job_id": job_id}),
        )
        told = json.loads(answer["Payload"].read())
        if not answer.get("FunctionError"):
            return str(told["status"])
        if told["errorType"] == CancelRefused.__name__:
            raise CancelRefused(told["errorMessage"])
        raise RuntimeError(f"{told['errorType']}: {told['errorMessage']}")

    def job(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)

    def plan(self, job_id: str) -> Plan | None:
        """The job's plan, once there is one."""
        return (
            self.store.read_plan(job_id) if self.store.head(Keys(job_id).plan) is not None else None
        )

    def progress(self, job_id: str) -> Progress:
        row = self.job(job_id)
        status = str(row["status"]) if row else "SENT"
        counted = progress.count(self.store, job_id)
        return Progress(status, counted.done, counted.total)

    def parts(self, job_id: str) -> Iterator[str]:
        """Keys of the parts made so far."""
        return progress.parts(self.store, job_id)

    def result(self, job: Job) -> dict[str, Any]:
        """What a COMPLETE job made: its result.json."""
        found: dict[str, Any] = self.store.read_json(job["result_key"])
        return found

    def download(self, key: str, folder: Path) -> Path:
        file = folder / key.rsplit("/", 1)[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        self.store.s3.download_file(self.store.bucket, key, str(file))
        return file

    def stages(self, execution_arn: str) -> list[Stage]:
        """The execution's top-level states in order of their start, from its history."""
        pages = self.states.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn
        )
        events = [event for page in pages for event in page["events"]]
        if not events:
            return []
        zero = events[0]["timestamp"]
        return list(_stages(events, lambda moment: (moment - zero).total_seconds()))


def _stages(events: list[Any], since: Callable[[datetime], float]) -> Iterator[Stage]:
    """Pair each state's entry with the next exit of the same name."""
    for number, event in enumerate(events):
        if not event["type"].endswith("StateEntered"):
            continue
        name = event["stateEnteredEventDetails"]["name"]
        for later in events[number:]:
            left = later.get("stateExitedEventDetails")
            if left and left["name"] == name and later["type"].endswith("StateExited"):
                kind = event["type"].removesuffix("StateEntered")
                yield Stage(name, kind, since(event["timestamp"]), since(later["timestamp"]))
                break
