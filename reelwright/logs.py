"""A job's lines in the logs of all functions. They are JSON and carry `job_id`."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.shared.job_view import JobView
from reelwright.aws_calls import told
from reelwright.errors import UnreachableError
from reelwright.stacks import Stack

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

Record = dict[str, Any]
_BEFORE = timedelta(minutes=1)
"""Clocks differ, and a job is registered a moment before its row says so."""
_AFTER = timedelta(minutes=10)
"""Webhooks and retries are logged after a job's end."""
_PARALLEL = 8


def of_job(stack: Stack, job: JobView) -> list[Record]:
    """In order of time."""
    since = job.created_at - _BEFORE
    until = min(datetime.now(UTC), (job.finished_at or datetime.now(UTC)) + _AFTER)
    session = stack.session()
    with told(f"the logs of job {job.job_id} can't be read"):
        logs = session.client("logs", endpoint_url=stack.endpoint)
        groups = _groups(stack)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            read = [pool.submit(_read, logs, group, job.job_id, (since, until)) for group in groups]
            found = [record for one in read for record in one.result()]
    return [record for _, record in sorted(found, key=lambda one: one[0])]


def _groups(stack: Stack) -> list[str]:
    """Of all functions; the other groups of the stack have no line that names a job."""
    if stack.stack_name is None:
        raise UnreachableError(
            "Logs are found by the stack's name.", "name it by --stack, with AWS credentials"
        )
    cloudformation = stack.session().client("cloudformation", endpoint_url=stack.endpoint)
    pages = cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=stack.stack_name
    )
    return [
        resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Logs::LogGroup"
    ]


def _read(
    logs: "CloudWatchLogsClient", group: str, job_id: str, span: tuple[datetime, datetime]
) -> list[tuple[int, Record]]:
    """Lines of one group that are JSON and name the job, each with its time in milliseconds."""
    since, until = (int(moment.timestamp() * 1000) for moment in span)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        filterPattern=f'{{ $.job_id = "{job_id}" }}',
        startTime=since,
        endTime=until,
    )
    found = (
        (event["timestamp"], _parsed(event["message"]))
        for page in pages
        for event in page["events"]
    )
    # The embedded AWS does not filter by JSON.
    return [one for one in found if one[1].get("job_id") == job_id]


def _parsed(message: str) -> Record:
    try:
        record = json.loads(message)
    except json.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}
