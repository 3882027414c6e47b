"""A job on the embedded stack against one bare ffmpeg with all cores: same source, same settings.

`make bench` runs it. The two take turns (job, ffmpeg, job, ffmpeg, …), so that a machine whose
speed drifts slows both; ratios are taken pair by pair.
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.memory import peak_memory_mb
from benchmarks.source import make_source
from benchmarks.stack import complete, new_stack
from local.home import PROJECT
from reelwright.direct import DirectClient, Stage

RESULTS = PROJECT / "benchmarks" / "results" / "job_vs_ffmpeg.json"


@dataclass(frozen=True)
class Timing:
    """Seconds. `submit_to_chunk` ends when the first chunk's state is entered."""

    job_s: float
    ffmpeg_s: float
    submit_to_chunk_s: float
    last_chunk_to_complete_s: float

    @property
    def ratio(self) -> float:
        return self.job_s / self.ffmpeg_s


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; run this by `make bench`")
        return 2
    console = Console(highlight=False)
    source = make_source(Path(ffmpeg), PROJECT / "build" / "bench", arguments.seconds)
    with new_stack("bench", arguments.assembly) as (client, aws):
        uploaded = client.upload(source)
        timings = [
            _round(client, uploaded, source, Path(ffmpeg), arguments.preset, console)
            for _ in range(arguments.rounds)
        ]
        complete(client, {"source": uploaded, "snapshots": {"count": 5, "widths": [320, 1280]}})
        memory = peak_memory_mb(aws)
    _report(console, timings, memory, arguments)
    return 0


def _round(
    client: DirectClient, uploaded: str, source: Path, ffmpeg: Path, preset: str, console: Console
) -> Timing:
    sent_at = time.time()
    began = time.monotonic()
    output = {"name": "video", "video": {"preset": preset}}
    job = complete(client, {"source": uploaded, "render": {"outputs": [output]}})
    job_s = time.monotonic() - began
    stages = {stage.name: stage for stage in client.stages(job["execution_arn"])}
    plan = client.plan(job["job_id"])
    keyint = plan.outputs[0].keyint if plan else 250
    ffmpeg_s = _bare(ffmpeg, source, preset, keyint)
    started = client.states.describe_execution(executionArn=job["execution_arn"])["startDate"]
    timing = _timing(job_s, ffmpeg_s, started.timestamp() - sent_at, stages)
    console.print(f"job {job_s:6.1f} s   ffmpeg {ffmpeg_s:6.1f} s   ratio {timing.ratio:.2f}")
    return timing


def _timing(
    job_s: float, ffmpeg_s: float, execution_after_s: float, stages: dict[str, Stage]
) -> Timing:
    chunks = stages["Render Chunks"]
    return Timing(
        job_s=job_s,
        ffmpeg_s=ffmpeg_s,
        submit_to_chunk_s=execution_after_s + chunks.start_s,
        last_chunk_to_complete_s=job_s - execution_after_s - chunks.end_s,
    )


def _bare(ffmpeg: Path, source: Path, preset: str, keyint: int) -> float:
    """Wall seconds of one ffmpeg that makes the same file."""
    target = source.with_name("bare.mp4")
    command = [
        *(str(ffmpeg), "-nostdin", "-v", "error", "-y", "-i", str(source)),
        *("-c:v", "libx264", "-preset", preset, "-crf", "23", "-pix_fmt", "yuv420p"),
        *("-x264-params", f"keyint={keyint}:open-gop=0"),
        *("-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(target)),
    ]
    began = time.monotonic()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return time.monotonic() - began


def _report(
    console: Console,
    timings: list[Timing],
    memory: dict[str, int],
    arguments: argparse.Namespace,
) -> None:
    rows = {
        "job s": [timing.job_s for timing in timings],
        "ffmpeg s": [timing.ffmpeg_s for timing in timings],
        "job / ffmpeg": [timing.ratio for timing in timings],
        "submit → first chunk s": [timing.submit_to_chunk_s for timing in timings],
        "last chunk → COMPLETE s": [timing.last_chunk_to_complete_s for timing in timings],
    }
    title = f"{arguments.seconds} s of 1080p30, {arguments.preset}, {len(timings)} rounds"
    table = Table("figure", "min", "median", "max", title=title)
    for name, values in rows.items():
        shown = (min(values), statistics.median(values), max(values))
        table.add_row(name, *(f"{value:.2f}" for value in shown))
    console.print(table)
    held = Table("function", "peak MB", title="Peak memory, with its largest child's")
    for name, peak_mb in memory.items():
        held.add_row(name, str(peak_mb))
    console.print(held)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    machine = {"machine": platform.machine(), "system": platform.system()}
    told = {
        **machine,
        "clip_s": arguments.seconds,
        "preset": arguments.preset,
        "peak_memory_mb": memory,
        "rounds": [{**asdict(timing), "ratio": timing.ratio} for timing in timings],
    }
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
