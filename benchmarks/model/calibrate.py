"""Runs on the embedded stack, and what each took: the model's measured half."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import av

from benchmarks.cpu import tree_s
from benchmarks.memory import peak_memory_mb
from benchmarks.model.measured import BUSY, COARSE, COLD, FINE, LARGE, MANY, PICTURES, WARM, Run
from benchmarks.source import CLIP, make_source
from benchmarks.stack import new_stack
from local import processes
from local.embedded import EmbeddedAws
from local.home import PROJECT
from reelwright.direct import TERMINAL, DirectClient

FINE_S = 5.0
_WHOLE_S, _LEAST_CHUNK_S = 60.0, 1.0
"""The bundled clip in one chunk, and in chunks as short as they may be."""
FOLDER = PROJECT / "build" / "bench-model"
"""Sources of the model's own, which no other benchmark removes."""
_POLL_S = 0.02


@dataclass(frozen=True)
class Clip:
    """A source on the stack."""

    url: str
    height: int
    seconds: float
    size_bytes: int

    @classmethod
    def bundled(cls, client: DirectClient) -> Self:
        with av.open(str(CLIP)) as opened:
            height = opened.streams.video[0].height
            seconds = float((opened.duration or 0) / 1_000_000)
        return cls(client.upload(CLIP), height, seconds, CLIP.stat().st_size)

    @classmethod
    def uploaded(cls, client: DirectClient, ffmpeg: Path, seconds: int, height: int) -> Self:
        file = make_source(ffmpeg, FOLDER, seconds, height=height)
        return cls(client.upload(file), height, seconds, file.stat().st_size)


def calibration_runs(
    assembly: Path, ffmpeg: Path, clips: dict[int, int], cores: int
) -> Iterator[Run]:
    """Each as it ends. `clips`: seconds by height."""
    with new_stack("model-calibrate", assembly) as (client, aws):
        small = Clip.bundled(client)
        pictures = {"snapshots": {"count": PICTURES, "widths": [640]}}
        for kind in (COLD, WARM):
            yield measured_run(client, aws, small, kind, 1, _WHOLE_S, **pictures)
        yield measured_run(client, aws, small, MANY, cores, _LEAST_CHUNK_S)
        for height, seconds in clips.items():
            clip = Clip.uploaded(client, ffmpeg, seconds, height)
            # A worker for each core is warm already: the run of many parts had as many.
            yield measured_run(client, aws, clip, FINE, 1, FINE_S)
            yield measured_run(client, aws, clip, COARSE, 1, float(seconds))
            busy = measured_run(client, aws, clip, BUSY, cores, FINE_S)
            yield replace(busy, peak_mb=peak_memory_mb(aws))
            if height == min(clips):
                hefty = {"preset": "ultrafast", "crf": 4}
                yield measured_run(client, aws, clip, LARGE, cores, FINE_S, video=hefty)


def measured_run(
    client: DirectClient,
    aws: EmbeddedAws,
    clip: Clip,
    kind: str,
    width: int,
    chunk_s: float,
    *,
    video: dict[str, Any] | None = None,
    **more: Any,
) -> Run:
    """One job from its message to COMPLETE."""
    output = {"name": "video", "video": video or {}}
    how = {"max_parallel": width, "chunk_s": chunk_s}
    request = {"source": clip.url, "render": {"outputs": [output]}, **how, **more}
    before = spent_s(aws)
    sent_at = time.time()
    began = time.monotonic()
    job_id = client.submit(request)
    while (job := client.job(job_id)) is None or job["status"] not in TERMINAL:
        time.sleep(_POLL_S)
    wall_s = time.monotonic() - began
    if job["status"] != "COMPLETE":
        raise RuntimeError(f"The {kind} run ended as {job['status']}: {job.get('error')}")
    after = spent_s(aws)
    plan = client.plan(job_id)
    if plan is None:
        raise RuntimeError(f"The {kind} run has no plan.")
    arn = job["execution_arn"]
    started = client.states.describe_execution(executionArn=arn)["startDate"].timestamp()
    return Run(
        kind=kind,
        height=clip.height,
        width=width,
        seconds=clip.seconds,
        chunk_frames=[chunk.frames for chunk in plan.chunks],
        wall_s=wall_s,
        start_s=started - sent_at,
        states_s={stage.name: stage.end_s - stage.start_s for stage in client.stages(arn)},
        items_s=_items_s(client, arn),
        cpu_s=_between(before, after),
        output_bytes=sum(file["size_bytes"] for file in client.result(job)["outputs"]),
        source_bytes=clip.size_bytes,
    )


def spent_s(aws: EmbeddedAws) -> dict[int, tuple[str, float]]:
    """(function, CPU seconds so far with all that it started) of each worker that runs."""
    spent: dict[int, tuple[str, float]] = {}
    for pid in processes.of_home(aws.home):
        try:
            if _group(pid) != pid:
                continue
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        named = [entry for entry in environment if entry.startswith(b"POWERTOOLS_SERVICE_NAME=")]
        if named:
            spent[pid] = named[0].partition(b"=")[2].decode(), tree_s(pid)
    return spent


def _between(
    before: dict[int, tuple[str, float]], after: dict[int, tuple[str, float]]
) -> dict[str, float]:
    """By function. A worker that is gone was idle: the engine ends no other."""
    used: dict[str, float] = {}
    for pid, (name, spent) in after.items():
        used[name] = used.get(name, 0.0) + spent - before.get(pid, (name, 0.0))[1]
    return used


def _group(pid: int) -> int:
    """A worker leads its process group; what it starts may inherit its environment."""
    return int(Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[2])


def _items_s(client: DirectClient, execution_arn: str) -> list[float]:
    """Of the Map's children, in the order of their start."""
    map_runs = client.states.list_map_runs(executionArn=execution_arn)["mapRuns"]
    listed = client.states.get_paginator("list_executions").paginate(
        mapRunArn=map_runs[0]["mapRunArn"]
    )
    children = [child for page in listed for child in page["executions"]]
    children.sort(key=lambda child: child["startDate"])
    return [(child["stopDate"] - child["startDate"]).total_seconds() for child in children]


def layers_mb(assembly_layers: Path, architecture: str) -> dict[str, float]:
    """Of the layers as they are on AWS, unpacked."""
    names = {"ffmpeg": f"ffmpeg-{architecture}", "python": f"python-py313-{architecture}"}
    names["probe"] = f"probe-py313-{architecture}"
    return {layer: _size_mb(assembly_layers / folder) for layer, folder in names.items()}


def _size_mb(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)
