"""Removes what ended jobs leave, as time does on AWS: rows, files, parts, receipts and logs."""

import time
from collections.abc import Collection
from typing import Any

from benchmarks.soak.census import objects_of
from functions.shared.media_store import Keys
from local.embedded import EmbeddedAws
from reelwright.direct import DirectClient

_LATE_S = 60.0
"""A chunk whose job was cancelled is finished, and its part written, after the job has ended."""
_POLL_S = 1.0


def sweep(
    aws: EmbeddedAws, client: DirectClient, job_ids: Collection[str], submissions: str
) -> None:
    """`submissions`: the name of that table."""
    dynamodb: Any = client.jobs.dynamodb
    for job_id in job_ids:
        for table in (client.jobs.table, submissions):
            dynamodb.delete_item(TableName=table, Key={"job_id": {"S": job_id}})
    _remove_objects(client, job_ids)
    _remove_logs(aws)


def _remove_objects(client: DirectClient, job_ids: Collection[str]) -> None:
    """Until nothing of these jobs comes any more."""
    roots = {root for job_id in job_ids for root in (Keys(job_id).root, Keys(job_id).parts)}
    deadline = time.monotonic() + _LATE_S
    while time.monotonic() < deadline:
        theirs = [key for key in objects_of(client) if _root(key) in roots]
        if not theirs:
            return
        for key in dict.fromkeys(theirs):
            _remove(client, key)
        time.sleep(_POLL_S)


def _root(key: str) -> str:
    """`jobs/ID/` or `parts/ID/`."""
    return "/".join(key.split("/")[:2]) + "/"


def _remove(client: DirectClient, key: str) -> None:
    """With all its versions."""
    s3: Any = client.store.s3
    told = s3.list_object_versions(Bucket=client.store.bucket, Prefix=key)
    for one in (*told.get("Versions", []), *told.get("DeleteMarkers", [])):
        if one["Key"] == key:
            s3.delete_object(Bucket=client.store.bucket, Key=key, VersionId=one["VersionId"])


def _remove_logs(aws: EmbeddedAws) -> None:
    logs = aws.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            streams = logs.describe_log_streams(logGroupName=name)["logStreams"]
            for stream in streams:
                logs.delete_log_stream(logGroupName=name, logStreamName=stream["logStreamName"])
