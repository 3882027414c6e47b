"""`make demo`: one message on the queue of the embedded stack, followed to the finished video."""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import boto3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, PROJECT, REGION, forget_account
from reelwright.direct import TERMINAL, DirectClient, Job

CLIP = PROJECT / "examples" / "clip.mp4"
_POLL_S = 0.1
_SHORT_CLIP_S = 30
_SHORT_CHUNK_S = 3.0


@dataclass(frozen=True)
class Shown:
    """What the file itself says, read by PyAV and not by the code that made it."""

    video: str
    audio: str
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--source", type=Path, default=CLIP, help="any video file")
    parser.add_argument("--assembly", type=Path, required=True, help="the synthesized CDK app")
    parser.add_argument("--stack", default="Reelwright")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        print(f"There is no file {arguments.source}; give one: make demo SOURCE=path/to/video")
        return 2
    forget_account()
    try:
        return _demo(arguments)
    except KeyboardInterrupt:
        print("\nStopped watching. The job goes on; `make local-down` stops the embedded AWS.")
        return 130


def _demo(arguments: argparse.Namespace) -> int:
    console = Console(highlight=False)
    client = _stack(console, arguments.assembly, arguments.stack)
    began = time.monotonic()
    source = client.upload(arguments.source)
    job_id = client.submit(_request(source, arguments.source))
    console.print(f"One message on the queue {client.outputs['QueueName']}", soft_wrap=True)
    console.print(f"Job [bold]{job_id}[/]")
    job = _follow(console, client, job_id)
    took = time.monotonic() - began
    if job["status"] != "COMPLETE":
        error = job.get("error", {})
        console.print(f"[red]{job['status']}[/] {error.get('name')}", soft_wrap=True)
        console.print(f"{error.get('message')}", markup=False, soft_wrap=True)
        return 1
    _report(console, client, job, took)
    return 0


def _stack(console: Console, assembly: Path, stack: str) -> DirectClient:
    began = time.monotonic()
    aws = EmbeddedAws()
    found = aws.note is not None
    with console.status("Starting the embedded AWS"):
        aws.start()
    with console.status(f"Deploying {stack}"):
        outputs = deploy(assembly, stack, aws)
    session = boto3.Session(ACCOUNT, "test", region_name=REGION)
    console.print(
        f"Embedded AWS {'was up' if found else 'started'} at {aws.endpoint}, stack {stack} "
        f"deployed ({time.monotonic() - began:.1f} s)",
        soft_wrap=True,
    )
    return DirectClient.connect(outputs, session, aws.endpoint)


def _request(source: str, file: Path) -> dict[str, Any]:
    """A preview beside the full size, and five pictures; short clips in chunks short enough."""
    request: dict[str, Any] = {
        "source": source,
        "render": {"outputs": [{"name": "full"}, {"name": "preview", "height": 180}]},
        "snapshots": {"count": 5, "widths": [320]},
    }
    try:
        with av.open(str(file)) as opened:
            short = (opened.duration or 0) < _SHORT_CLIP_S * av.time_base
    except av.FFmpegError:
        return request  # the stack itself says what is wrong with it
    return {**request, "chunk_s": _SHORT_CHUNK_S} if short else request


def _follow(console: Console, client: DirectClient, job_id: str) -> Job:
    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("parts"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as shown:
        bar = shown.add_task("SENT", total=None)
        while True:
            now = client.progress(job_id)
            shown.update(bar, description=now.status, completed=now.done, total=now.total or None)
            if now.status in TERMINAL:
                break
            time.sleep(_POLL_S)
    job = client.job(job_id)
    if job is None:
        raise LookupError(f"The row of job {job_id} was removed.")
    return job


def _report(console: Console, client: DirectClient, job: Job, took: float) -> None:
    folder = PROJECT / ".reelwright" / "demo" / job["job_id"]
    result = client.result(job)
    for made in result["outputs"]:
        file = client.download(made["key"], folder)
        is_ = _look(file)
        console.print(f"\n[bold]{_short(file)}[/]", soft_wrap=True)
        size = f"{file.stat().st_size:,} bytes"
        console.print(f"  {is_.seconds:.3f} s, {is_.video}, {is_.audio}, {size}", soft_wrap=True)
    console.print()
    for picture in result["snapshots"]:
        file = client.download(picture["key"], folder)
        console.print(f"{float(picture['time_s']):7.3f} s  {_short(file)}", soft_wrap=True)
    stages = Table("state", "began s", "took s", title="\nWhere the time went")
    for stage in client.stages(job["execution_arn"]):
        if stage.kind not in {"Choice", "Pass"}:
            took_s = stage.end_s - stage.start_s
            stages.add_row(stage.name, f"{stage.start_s:.2f}", f"{took_s:.2f}")
    console.print(stages)
    console.print(f"From upload to COMPLETE: {took:.1f} s")
    console.print(f"Execution: {job['execution_arn']}", soft_wrap=True)
    console.print("The embedded AWS stays up; `make local-down` stops it.")


def _look(file: Path) -> Shown:
    with av.open(str(file)) as opened:
        video = opened.streams.video[0]
        sound = "none"
        if opened.streams.audio:
            audio = opened.streams.audio[0]
            sound = f"{audio.codec_context.name} {audio.rate} Hz {audio.layout.name}"
        rate = float(video.average_rate or 0)
        return Shown(
            f"{video.codec_context.name} {video.width}x{video.height} {rate:.2f} fps, "
            f"{video.frames} frames",
            sound,
            (opened.duration or 0) / av.time_base,
        )


def _short(file: Path) -> str:
    return str(file.relative_to(PROJECT))


if __name__ == "__main__":
    sys.exit(main())
