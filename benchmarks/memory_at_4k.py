"""Peak memory of every function for a source of 3840x2160.

PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.memory_at_4k \\
    --assembly build/cdk.local.out

One job an output, so that a failure for want of memory is its own; the plan refuses by name what a
chunk's function could not hold, and that is shown as such.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.memory import peak_memory_mb
from benchmarks.source import make_source
from benchmarks.stack import end_of, new_stack
from local.home import PROJECT
from reelwright.direct import DirectClient

JOBS: dict[str, dict[str, Any]] = {
    "h264 medium": {"render": {"outputs": [{"video": {"codec": "h264"}}]}},
    "hevc medium": {"render": {"outputs": [{"video": {"codec": "hevc"}}]}},
    "vp9 medium": {"render": {"outputs": [{"container": "webm", "video": {"codec": "vp9"}}]}},
    "av1 medium": {"render": {"outputs": [{"video": {"codec": "av1"}}]}},
    "prores": {"render": {"outputs": [{"container": "mov", "video": {"codec": "prores"}}]}},
    "snapshots": {"snapshots": {"count": 8, "widths": [320, 3840]}},
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="memory_at_4k", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=8)
    asked = parser.parse_args()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; see this module's docstring")
        return 2
    source = make_source(Path(ffmpeg), PROJECT / "build" / "bench", asked.seconds, height=2160)
    ended: dict[str, str] = {}
    with new_stack("memory", asked.assembly) as (client, aws):
        uploaded = client.upload(source)
        for name, fields in JOBS.items():
            ended[name] = _ended(client, {"source": uploaded, **fields})
        memory = peak_memory_mb(aws)
    _report(ended, memory)
    return 0


def _ended(client: DirectClient, request: dict[str, Any]) -> str:
    job = end_of(client, request)
    return str(job["status"] if job["status"] == "COMPLETE" else job["error"]["message"])


def _report(ended: dict[str, str], memory: dict[str, int]) -> None:
    console = Console(highlight=False)
    jobs = Table("job on 3840x2160", "ended")
    for name, how in ended.items():
        jobs.add_row(name, how)
    held = Table("function", "peak MB", title="Peak memory, with its largest child's")
    for name, peak_mb in memory.items():
        held.add_row(name, str(peak_mb))
    console.print(jobs, held)


if __name__ == "__main__":
    sys.exit(main())
