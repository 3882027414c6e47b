"""What is there when all is at rest: processes and their memory, files, rows, objects, uploads."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load.stack import queued
from benchmarks.soak.workers import descendants, memory_mb, workers
from local.embedded import EmbeddedAws
from reelwright.direct import DirectClient

_SETTLE_S = 60.0
_POLL_S = 0.5
_GRANTED = "#granted"
"""The row that counts all granted turns; others without a job count their lane's."""
_QUEUES = ("QueueUrl", "DeadLetterQueueUrl", "MissedEventsQueueUrl", "WebhookDeadLetterQueueUrl")


@dataclass(frozen=True)
class Census:
    """Of one moment of rest, when rows and objects of ended jobs were removed. Memory in MB."""

    ended: int
    """Jobs that had ended by then, since the soak began."""
    engine_mb: float
    worker_mb: float
    """The mean of the functions' processes; their number follows the load."""
    workers: int
    others: int
    """Processes beside engine, supervisor and workers: none is to be left."""
    threads: int
    handles: int
    """Open files of the engine."""
    temporary: int
    """Files in the folder all functions have as /tmp, and the engine as TMPDIR."""
    rows: tuple[str, ...]
    """Of tables, that belong to no job that is kept."""
    counters: int
    """Lanes that were ever used, each of which keeps its count."""
    objects: tuple[str, ...]
    """Keys beside the sources."""
    uploads: tuple[str, ...]
    """Keys of multipart uploads that were neither completed nor given up."""
    messages: int
    """In all queues, those of dead letters too."""


def census(aws: EmbeddedAws, client: DirectClient, ended: int, submissions: str) -> Census:
    """Waits until what still works has come to its end. `submissions`: the name of that table."""
    others = _settled(lambda: _others(aws))
    running, engine = workers(aws), (aws.note or {})["pid"]
    sizes = [mb for pid in running if (mb := memory_mb(pid))]
    rows, counters = _rows(client, submissions)
    return Census(
        ended=ended,
        engine_mb=memory_mb(engine) or 0.0,
        worker_mb=sum(sizes) / len(sizes) if sizes else 0.0,
        workers=len(running),
        others=len(others),
        threads=len(list(Path(f"/proc/{engine}/task").iterdir())),
        handles=len(list(Path(f"/proc/{engine}/fd").iterdir())),
        temporary=sum(1 for _ in aws.home.tmp_path.rglob("*")),
        rows=rows,
        counters=counters,
        objects=tuple(objects_of(client)),
        uploads=tuple(_uploads(client)),
        messages=sum(queued(client, name) for name in _QUEUES),
    )


def _settled(look: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
    """What is seen when nothing is, or has stayed for a minute."""
    deadline = time.monotonic() + _SETTLE_S
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return found


def _others(aws: EmbeddedAws) -> tuple[int, ...]:
    note = aws.note or {}
    return tuple({*descendants(note["supervisor_pid"])} - {note["pid"], *workers(aws)})


def _rows(client: DirectClient, submissions: str) -> tuple[tuple[str, ...], int]:
    """(rows that belong to no job, counters of lanes)"""
    dynamodb = client.jobs.dynamodb
    kept, sent = _scan(dynamodb, client.jobs.table), _scan(dynamodb, submissions)
    turns = _scan(dynamodb, client.jobs.turns.table)
    counters = [row for row in turns if "job_id" not in row and row["lane"]["S"] != _GRANTED]
    strays = [f"turn of {row['job_id']['S']}" for row in turns if "job_id" in row]
    strays += [f"job {row['job_id']['S']}" for row in kept]
    strays += [f"submission {row['job_id']['S']}" for row in sent]
    return tuple(strays), len(counters)


def _scan(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [row for page in pages for row in page["Items"]]


def objects_of(client: DirectClient) -> Iterator[str]:
    """Keys of all versions beside the sources."""
    pages = client.store.s3.get_paginator("list_object_versions").paginate(
        Bucket=client.store.bucket
    )
    for page in pages:
        for version in page.get("Versions", []):
            if not version["Key"].startswith("uploads/"):
                yield version["Key"]


def _uploads(client: DirectClient) -> Iterator[str]:
    pages = client.store.s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=client.store.bucket
    )
    for page in pages:
        yield from (one["Key"] for one in page.get("Uploads", []))
