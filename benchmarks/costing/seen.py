"""What one job cost by what the embedded AWS saw of it: an account that shares no count with the
receipts, only the price list."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from benchmarks.costing.s3_wire import S3Call
from benchmarks.load.counting import Call
from benchmarks.load.histories import trace
from benchmarks.load.usage import of_jobs, usage
from functions.shared import prices
from functions.shared.cost import DESK_CALLS, DESK_MB, DESK_MS
from functions.shared.prices import Architecture
from reelwright.direct import DirectClient, Job

_WORKERS = (
    "AssembleRender",
    "PlanRender",
    "RenderAudio",
    "RenderChunk",
    "TakeLiveSnapshots",
    "TakeSnapshots",
)
_ITEM_READER = 1
"""The Map's own request for its items, which no function makes."""


def seen(
    client: DirectClient,
    job: Job,
    s3: list[S3Call],
    dynamodb: list[Call],
    architecture: Architecture,
) -> dict[str, Decimal]:
    """US dollars by item, of those items that can be seen."""
    arn = job["execution_arn"]
    units = usage(list(of_jobs(dynamodb, {job["job_id"]: job}))).units
    puts = sum(call.is_put for call in s3)
    gets = sum(not call.is_put and not call.is_free for call in s3) + _ITEM_READER
    return {
        "lambda_compute": _compute(client, arn, architecture),
        "state_transitions": prices.TRANSITION.of(
            trace(client, arn).transitions + _children(client, arn)
        ),
        "s3_requests": prices.S3_PUT.of(puts) + prices.S3_GET.of(gets),
        "dynamodb": prices.DYNAMODB_WRITE.of(units[0]) + prices.DYNAMODB_READ.of(units[1]),
    }


def desk_work(job: Job, dynamodb: list[Call]) -> dict[str, float]:
    """DynamoDB's units by the functions that leave no receipt: what its constants are from."""
    ours = [call for call in dynamodb if call.function not in _WORKERS]
    writes, reads = usage(list(of_jobs(ours, {job["job_id"]: job}))).units
    return {"write_units": writes, "read_units": reads}


def _compute(client: DirectClient, arn: str, architecture: Architecture) -> Decimal:
    """By how long the machine was in each state that calls a worker. Desk work is taken as
    estimated: a process that starts for each call is no measure for it."""
    total = Decimal(DESK_CALLS * DESK_MS * DESK_MB) / 1024 / 1000
    spent_s: defaultdict[str, float] = defaultdict(float)
    for events in _histories(client, arn):
        for event in events:
            # All entries and all exits: which belongs to which does not matter for the sum.
            moment = event["timestamp"].timestamp()
            if event["type"] == "TaskStateEntered":
                spent_s[event["stateEnteredEventDetails"]["name"]] -= moment
            elif event["type"] == "TaskStateExited":
                spent_s[event["stateExitedEventDetails"]["name"]] += moment
    memory_mb = _memory_mb(client)
    for state, seconds in spent_s.items():
        stem = state.replace(" ", "")
        if stem in _WORKERS:
            total += Decimal(str(round(seconds, 3))) * memory_mb[stem] / 1024
    return prices.LAMBDA_GB_SECOND[architecture].of(total)


def _memory_mb(client: DirectClient) -> dict[str, int]:
    """By the function's stem, which its state has as well."""
    found = {}
    for page in client.functions.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            for stem in _WORKERS:
                if f"-{stem}Function" in function["FunctionName"]:
                    found[stem] = function["MemorySize"]
    return found


def _histories(client: DirectClient, arn: str) -> Iterator[list[Any]]:
    yield _events(client, arn)
    for map_run in client.states.list_map_runs(executionArn=arn)["mapRuns"]:
        pages = client.states.get_paginator("list_executions").paginate(
            mapRunArn=map_run["mapRunArn"]
        )
        for page in pages:
            for child in page["executions"]:
                yield _events(client, child["executionArn"])


def _children(client: DirectClient, arn: str) -> int:
    """Starting each is a transition of the parent."""
    return sum(1 for _ in _histories(client, arn)) - 1


def _events(client: DirectClient, arn: str) -> list[Any]:
    pages = client.states.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"]]
