"""What scenarios start from: a quiet stack, jobs as their functions find them, and direct calls."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from functions.shared.job import parse_input
from functions.shared.media_store import Keys
from reelwright.direct import Job
from tests.integration.conftest import Deployed

DONE: dict[str, Any] = {
    "render": {"outputs": [{"name": "small", "height": 90, "video": {"preset": "ultrafast"}}]},
    "snapshots": {"count": 1, "widths": [160]},
    "edit": {"clips": [{"end_s": 2}]},
}


@dataclass
class Prepared:
    """A job as its own execution would have brought it so far."""

    job_id: str
    arn: str
    request: dict[str, Any]
    epoch: int = 0


@dataclass
class World:
    """One stack, with jobs of its own."""

    stack: Deployed
    clip: str
    words: str
    """Captions, uploaded."""
    patience_s: float = 30
    """How long to wait for what comes by itself."""
    _had: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    @cached_property
    def whole(self) -> Job:
        """A job that was rendered, whose parts are there."""
        captions = [{"source": self.words, "language": "en", "mode": "burn"}]
        edit = {**DONE["edit"], "captions": captions}
        job = self.stack.run({"source": self.clip, **DONE, "edit": edit})
        assert job["status"] == "COMPLETE", job.get("error")
        return job

    @property
    def finished(self) -> Job:
        """The same job as one that has ended."""
        result = self.keys.result
        self.set(self.whole["job_id"], status="COMPLETE", result_key=result)
        return self.whole

    @cached_property
    def dead_token(self) -> str:
        """A task token that was answered long ago."""
        pages = self.stack.client.states.get_paginator("get_execution_history").paginate(
            executionArn=self.whole["execution_arn"]
        )
        for event in (event for page in pages for event in page["events"]):
            told = json.loads(event.get("taskScheduledEventDetails", {}).get("parameters", "{}"))
            if token := told.get("Payload", {}).get("token"):
                return str(token)
        raise AssertionError("no state of the job had a token")

    def call(self, stem: str, event: Any) -> Any:
        """What a function answers, which must be no error."""
        said, failed = self.ask(stem, event)
        assert not failed, f"{stem}: {said}"
        return said

    def ask(self, stem: str, event: Any) -> tuple[Any, bool]:
        """(what a function answers, whether it is an error)"""
        answer = self.stack.client.functions.invoke(
            FunctionName=self.stack.function(stem), Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read()), "FunctionError" in answer

    def request(self, **more: Any) -> dict[str, Any]:
        """Of a job that shares a lane with none."""
        return {"source": self.clip, "order_key": unique("lane"), **DONE, **more}

    def arn(self) -> str:
        """An execution that never was."""
        machine = self.stack.client.outputs["StateMachineArn"]
        plain = ":".join(machine.split(":")[:7])
        return f"{plain.replace(':stateMachine:', ':execution:')}:{unique('none')}"

    def registered(self, request: dict[str, Any], at: datetime | None = None) -> str:
        job_id = unique("job")
        parsed = parse_input({**request, "job_id": job_id})
        self.stack.client.jobs.register(job_id, parsed, "queue", at or now())
        return job_id

    def claimed(self, request: dict[str, Any] | None = None) -> Prepared:
        """It has a turn to wait for."""
        asked = request or self.request()
        job = Prepared(self.registered(asked), self.arn(), asked)
        assert self.stack.client.jobs.claim(job.job_id, job.arn, now(), reopen=False)
        return job

    def waiting(self, request: dict[str, Any] | None = None) -> Prepared:
        """It waits for its turn, with a token that nobody answers to any more."""
        job = self.claimed(request)
        turns = self.stack.client.jobs.turns
        assert turns.store_token(self.turn(job), self.dead_token, job.arn)
        return job

    def granted(self, request: dict[str, Any] | None = None) -> Prepared:
        """Its turn has come."""
        job = self.waiting(request)
        assert self.stack.client.jobs.turns.grant(self.turn(job), 10) == "granted"
        job.epoch = 1
        return job

    def running(self, request: dict[str, Any] | None = None) -> Prepared:
        job = self.granted(request)
        self.stack.client.jobs.start(job.job_id, job.arn, job.epoch, now())
        return job

    def turn(self, job: Prepared) -> Any:
        row = self.stack.client.job(job.job_id)
        assert row
        turn = self.stack.client.jobs.turns.get(row["lane"], int(row["sequence"]))
        assert turn
        return turn

    def again(self, job: Job) -> dict[str, str]:
        """A job that has ended renders once more: what its functions are called with."""
        self.set(job["job_id"], status="RUNNING", publishing=None)
        return {"job_id": job["job_id"], "execution_arn": job["execution_arn"]}

    def set(self, job_id: str, **fields: str | None) -> None:
        """Write into a job's row; None removes."""
        table = self.stack.client.jobs
        for name, value in fields.items():
            change = "SET #name = :value" if value else "REMOVE #name"
            values = {"ExpressionAttributeValues": {":value": {"S": value}}} if value else {}
            table.dynamodb.update_item(
                TableName=table.table,
                Key={"job_id": {"S": job_id}},
                UpdateExpression=change,
                ExpressionAttributeNames={"#name": name},
                **values,
            )

    def remove(self, *prefixes: str) -> list[str]:
        """Take objects of the job away that was rendered; returns the keys of all it ever had."""
        store, keys = self.stack.client.store, self._had.setdefault(prefixes, [])
        for prefix in prefixes:
            listed = store.s3.list_objects_v2(Bucket=store.bucket, Prefix=prefix)
            for found in listed.get("Contents", []):
                keys += [] if found["Key"] in keys else [found["Key"]]
                store.s3.delete_object(Bucket=store.bucket, Key=found["Key"])
        assert keys, prefixes
        return keys

    def assert_there(self, *keys: str) -> None:
        store = self.stack.client.store
        assert [key for key in keys if store.head(key) is None] == []

    def clear(self) -> None:
        """No job has a turn."""
        turns = self.stack.client.jobs.turns
        rows = turns.dynamodb.scan(TableName=turns.table, ConsistentRead=True)["Items"]
        for row in rows:
            key = {"lane": row["lane"], "sequence": row["sequence"]}
            turns.dynamodb.delete_item(TableName=turns.table, Key=key)

    @property
    def keys(self) -> Keys:
        """Of the job that was rendered."""
        return Keys(self.whole["job_id"])


def now() -> datetime:
    return datetime.now(UTC)


def unique(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:12]}"
