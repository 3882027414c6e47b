"""What one decode saves: CPU of a ladder of four rungs in one job, against a job for each rung.

PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.ladder

Chunks are planned and rendered by the functions' own code, one after the other, from a server on
loopback. The two ways take turns (one, four, one, four, …) and are compared pair by pair.
"""

import argparse
import os
import shutil
import statistics
import time
from pathlib import Path

from benchmarks.snapshot_bytes import LIMITS, SETTINGS, Counted, OneSource, served
from benchmarks.source import make_source
from functions.plan_render.planning import make_plan
from functions.render_chunk.render import render_chunk
from functions.shared.job import parse_input
from functions.shared.plan import Plan, Source
from local.home import PROJECT

HEIGHTS = (1080, 720, 480, 240)
_JOB = "job"
_PLENTY_S = 3600.0
_ROOMY_MB = 10_240


def main() -> int:
    parser = argparse.ArgumentParser(prog="ladder", description=__doc__)
    parser.add_argument("--seconds", type=int, default=24)
    parser.add_argument("--preset", default="veryfast")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; see this module's docstring")
        return 2
    file = make_source(Path(ffmpeg), PROJECT / "build" / "bench", asked.seconds)
    saved, costs = [], []
    size_bytes = file.stat().st_size
    source = Source(bucket="b", key="source", etag='"0"', size_bytes=size_bytes, container="")
    with served(file, 0, Counted()) as url:
        store = OneSource(url, source)
        for _ in range(asked.rounds):
            together_s = _cpu_s(store, [HEIGHTS], asked.preset)
            apart_s = _cpu_s(store, [(height,) for height in HEIGHTS], asked.preset)
            saved.append(1 - together_s / apart_s)
            costs.append((together_s, apart_s))
            print(f"one job {together_s:6.1f} s, four jobs {apart_s:6.1f} s, saved {saved[-1]:.1%}")
    together_s, apart_s = (statistics.median(each) for each in zip(*costs, strict=True))
    print(
        f"\nmedians over {asked.rounds} rounds of {asked.seconds} s at {asked.preset}: one decode"
        f" {together_s:.1f} s of CPU, four decodes {apart_s:.1f} s, saved"
        f" {statistics.median(saved):.1%}"
    )
    return 0


def _cpu_s(store: OneSource, jobs: list[tuple[int, ...]], preset: str) -> float:
    """Of this process and the ones it ended, for all chunks of all jobs."""
    plans = [_plan(store, heights, preset) for heights in jobs]
    before = _spent_s()
    for plan in plans:
        store.plan = plan
        for chunk in plan.chunks:
            render_chunk(store, _JOB, chunk, remaining_s=_PLENTY_S)
    return _spent_s() - before


def _spent_s() -> float:
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def _plan(store: OneSource, heights: tuple[int, ...], preset: str) -> Plan:
    rungs = [{"height": height, "video": {"preset": preset}} for height in heights]
    stream = {"name": "film", "audio": None, "renditions": rungs}
    request = parse_input({"source": "s3://bucket/source", "render": {"streams": [stream]}})
    roomy = SETTINGS.model_copy(update={"chunk_memory_mb": _ROOMY_MB})
    return make_plan(
        _JOB, request, store.source, store, settings=roomy, limits=LIMITS, timeout_s=60
    )


if __name__ == "__main__":
    raise SystemExit(main())
