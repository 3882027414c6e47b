"""Removes what a run has made, by its journal, and adds up what its jobs cost."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import ClientError

from functions.shared.cost import Buying
from functions.shared.errors import CancelRefused
from functions.shared.media_store import Keys
from reelwright.direct import TERMINAL, DirectClient
from tests.on_aws.costs import Costs
from tests.on_aws.journal import Journal

_GONE = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "ExecutionDoesNotExist",
    "NoSuchUpload",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "UserNotFoundException",
}
_END_S = 120.0
_POLL_S = 2.0


@dataclass
class Cleaned:
    """What was found and removed; `left`: what could not be, a sentence each."""

    costs: Costs = field(default_factory=Costs)
    removed: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Cleaner:
    """One stack. `submissions`: the name of that table."""

    client: DirectClient
    session: boto3.Session
    submissions: str
    buying: Buying
    sleep: Callable[[float], None] = time.sleep

    def clean(self, journal: Journal) -> Cleaned:
        """First what still runs is ended, then what it made is counted and removed. Each is tried;
        what AWS refuses, or does not end, is told and left, and is noted still for the next run."""
        found = Cleaned()
        self._let_in()
        users = journal.names("user")
        jobs = [*journal.names("job"), *self._owned(users)]
        for job_id in dict.fromkeys(jobs):
            self._try(found, f"job {job_id}", partial(self._job, found, job_id))
        for arn in journal.names("execution"):
            self._try(found, arn, partial(self._stop, arn))
        prefixes = [f"uploads/{sub}/" for sub in users]
        for place in journal.names("object"):
            bucket, _, key = place.partition("/")
            prefixes += [key] if bucket == self.client.store.bucket else []
        for prefix in prefixes:
            self._try(found, prefix, partial(self._remove, found, prefix))
        for kind, remove in self._others().items():
            for name in journal.names(kind):
                self._try(found, f"{kind} {name}", partial(_counted, found, kind, remove, name))
        return found

    def _let_in(self) -> None:
        """What was sent last may not have a row yet, and would get one after its job was looked
        for."""
        url, waited_s = self.client.outputs["QueueUrl"], 0.0
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while waited_s < _END_S:
            told = self.client.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
            if not any(int(count) for count in told["Attributes"].values()):
                return
            self.sleep(_POLL_S)
            waited_s += _POLL_S

    def _try(self, found: Cleaned, what: str, act: Callable[[], None]) -> None:
        try:
            act()
        except ClientError as fault:
            if fault.response["Error"].get("Code") not in _GONE:
                found.left.append(f"{what}: {fault}")
        except RuntimeError as fault:
            found.left.append(f"{what}: {fault}")

    def _owned(self, users: list[str]) -> Iterator[str]:
        """Jobs that came in by the API, by their owners; and those that were only sent."""
        dynamodb: Any = self.client.jobs.dynamodb
        for sub in users:
            pages = dynamodb.get_paginator("query").paginate(
                TableName=self.client.jobs.table,
                IndexName="by_owner",
                KeyConditionExpression="#owner = :sub",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":sub": {"S": sub}},
            )
            for page in pages:
                yield from (row["job_id"]["S"] for row in page["Items"])

    def _job(self, found: Cleaned, job_id: str) -> None:
        """Ended, counted, then removed with all its files."""
        row = self.client.job(job_id)
        if row is not None:
            if row["status"] not in TERMINAL:
                self._end(job_id)
            found.costs.add(self.client.job(job_id) or row, self.client.store, self.buying)
        keys = Keys(job_id)
        for prefix in (keys.root, keys.parts):
            self._remove(found, prefix)
        dynamodb: Any = self.client.jobs.dynamodb
        for table in (self.client.jobs.table, self.submissions):
            gone = dynamodb.delete_item(
                TableName=table, Key={"job_id": {"S": job_id}}, ReturnValues="ALL_OLD"
            )
            found.removed["rows"] += "Attributes" in gone

    def _end(self, job_id: str) -> None:
        """Raises RuntimeError where it can't be cancelled, or still renders after two minutes."""
        with contextlib.suppress(CancelRefused):  # it is being published, and ends by itself
            self.client.cancel(job_id)
        waited_s = 0.0
        while (row := self.client.job(job_id)) and row["status"] not in TERMINAL:
            if waited_s >= _END_S:
                raise RuntimeError(f"it is still {row['status']} after {_END_S:.0f} s")
            self.sleep(_POLL_S)
            waited_s += _POLL_S

    def _stop(self, arn: str) -> None:
        states = self.client.states
        if states.describe_execution(executionArn=arn)["status"] == "RUNNING":
            states.stop_execution(executionArn=arn, error="TestsEnded")

    def _remove(self, found: Cleaned, prefix: str) -> None:
        """Objects with all their versions, and uploads that were not completed."""
        s3: Any = self.client.store.s3
        bucket = self.client.store.bucket
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
                found.removed["objects"] += 1
        for page in s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, Prefix=prefix
        ):
            for upload in page.get("Uploads", []):
                s3.abort_multipart_upload(
                    Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
                found.removed["uploads"] += 1

    def _others(self) -> dict[str, Callable[[str], int]]:
        """What a test itself removes, unless it was killed. Each says how many there were."""
        idp, events = self.session.client("cognito-idp"), self.session.client("events")
        pool = self.client.outputs["UserPoolId"]

        def rule(name: str) -> int:
            bus, _, rule_name = name.partition(" ")
            targets = events.list_targets_by_rule(Rule=rule_name, EventBusName=bus)["Targets"]
            if targets:
                ids = [one["Id"] for one in targets]
                events.remove_targets(Rule=rule_name, EventBusName=bus, Ids=ids)
            events.delete_rule(Name=rule_name, EventBusName=bus)
            return 1

        def user(sub: str) -> int:
            users = idp.list_users(UserPoolId=pool, Filter=f'sub = "{sub}"')["Users"]
            for one in users:
                idp.admin_delete_user(UserPoolId=pool, Username=one["Username"])
            return len(users)

        def user_pool(name: str) -> int:
            idp.delete_user_pool(UserPoolId=name)
            return 1

        def queue(name: str) -> int:
            self.client.sqs.delete_queue(QueueUrl=name)
            return 1

        return {
            "user": user,
            "pool": user_pool,
            "queue": queue,
            "rule": rule,
        }


def _counted(found: Cleaned, kind: str, remove: Callable[[str], int], name: str) -> None:
    found.removed[f"{kind}s"] += remove(name)
