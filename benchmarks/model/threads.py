"""What a second thread gives a chunk: planned and rendered by the functions' own code."""

import os
import time
from pathlib import Path

from benchmarks.snapshot_bytes import LIMITS, SETTINGS, Counted, OneSource, served
from functions.plan_render.planning import make_plan
from functions.render_chunk.render import render_chunk
from functions.shared.job import parse_input
from functions.shared.plan import Source

_JOB = "job"
_PLENTY_S = 3600.0
_ROOMY_MB = 10_240


class _Store(OneSource):
    bucket = "bucket"


def measured_threads(file: Path, most: int) -> list[dict[str, float]]:
    """(threads, CPU seconds, seconds) of the file's first chunk with 1 to `most` threads, alone."""
    source = Source(
        bucket="b", key="source", etag='"0"', size_bytes=file.stat().st_size, container=""
    )
    with served(file, 0, Counted()) as url:
        store = _Store(url, source)
        return [_measured(store, threads) for threads in range(1, most + 1)]


def _measured(store: _Store, threads: int) -> dict[str, float]:
    request = parse_input(
        {"source": "s3://bucket/source", "render": {"outputs": [{"audio": None}]}}
    )
    roomy = SETTINGS.model_copy(update={"chunk_memory_mb": _ROOMY_MB, "threads": threads})
    plan = make_plan(
        _JOB, request, store.source, store, settings=roomy, limits=LIMITS, timeout_s=60
    )
    store.plan = plan
    spent, began = _spent_s(), time.monotonic()
    render_chunk(store, _JOB, plan.chunks[0], remaining_s=_PLENTY_S)
    return {
        "threads": threads,
        "cpu_s": _spent_s() - spent,
        "wall_s": time.monotonic() - began,
    }


def _spent_s() -> float:
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system
