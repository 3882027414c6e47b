"""Peak memory of every function for a source of 3840x2160.

PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.memory_at_4k \\
    --assembly build/cdk.local.out

One job an output, so that a failure for want of memory is its own; the plan refuses by name what a
chunk's function could not hold, and that is shown as such.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console
from rich.table import Table

from benchmarks.memory import peak_memory_mb
from benchmarks.source import make_source
from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, PROJECT, REGION, forget_account
from reelwright.direct import TERMINAL, DirectClient

JOBS: dict[str, dict[str, Any]] = {
    "h264 medium": {"render": {"outputs": [{"video": {"codec": "h264"}}]}},
    "hevc medium": {"render": {"outputs": [{"video": {"codec": "hevc"}}]}},
    "vp9 medium": {"render": {"outputs": [{"container": "webm", "video": {"codec": "vp9"}}]}},
    "av1 medium": {"render": {"outputs": [{"video": {"codec": "av1"}}]}},
    "prores": {"render": {"outputs": [{"container": "mov", "video": {"codec": "prores"}}]}},
    "snapshots": {"snapshots": {"count": 8, "widths": [320, 3840]}},
}
_POLL_S = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(prog="memory_at_4k", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=8)
    asked = parser.parse_args()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; see this module's docstring")
        return 2
    forget_account()
    source = make_source(Path(ffmpeg), PROJECT / "build" / "bench", asked.seconds, height=2160)
    ended: dict[str, str] = {}
    engine = EmbeddedAws(PROJECT / ".reelwright" / "memory")
    engine.stop()
    engine.forget()
    with engine as aws:
        outputs = deploy(asked.assembly, "Reelwright", aws)
        session = boto3.Session(ACCOUNT, "test", region_name=REGION)
        client = DirectClient.connect(outputs, session, aws.endpoint)
        uploaded = client.upload(source)
        for name, fields in JOBS.items():
            ended[name] = _run(client, {"source": uploaded, **fields})
        memory = peak_memory_mb(aws)
    _report(ended, memory)
    return 0


def _run(client: DirectClient, request: dict[str, Any]) -> str:
    job_id = client.submit(request)
    while (job := client.job(job_id)) is None or job["status"] not in TERMINAL:
        time.sleep(_POLL_S)
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
