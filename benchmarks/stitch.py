"""How long a stitch takes, what it needs, and how near it comes to only moving the same bytes.

PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.stitch

Jobs of 60, 600 and 3,600 real parts are assembled by the function's own code in a process of its
own, against a store of files that keeps up (benchmarks/stitching/double.py): once over loopback,
once over a network as a function has. The same process settings, client and store then only copy
the bytes, and the two take turns (stitch, copy, stitch, copy, …). The measured process has one core
and the store the other, as a function of 1,769 MB has one vCPU.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from rich.console import Console
from rich.table import Table

from benchmarks.record import record
from benchmarks.stitching.figures import Case, Round, draw, row
from benchmarks.stitching.material import JOB, OUTPUT, PART_S, make_parts, write_job
from functions.shared.media_store import Keys
from local.home import PROJECT

CASES = (
    Case(60, 1.0, "mp4", "loopback"),
    Case(600, 1.0, "mp4", "loopback"),
    Case(3600, 1.0, "mp4", "loopback"),
    Case(600, 6.0, "mp4", "loopback"),
    Case(600, 1.0, "mkv", "loopback"),
    Case(60, 1.0, "mp4", "function"),
    Case(600, 1.0, "mp4", "function"),
    Case(3600, 1.0, "mp4", "function"),
    Case(600, 6.0, "mp4", "function"),
)


@dataclass(frozen=True)
class Network:
    """What lies between the process and the store."""

    mb_per_s: float
    """Each way; 0: as fast as it goes."""
    wait_ms: float
    """Before each answer."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="stitch", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="over loopback; one in the function's"
    )
    parser.add_argument("--only", default="", help="e.g. 3600x1MB,function")
    parser.add_argument("--mb-per-s", type=float, default=78.0, help="625 Mbit/s")
    parser.add_argument("--wait-ms", type=float, default=50.0)
    parser.add_argument("--no-record", action="store_true")
    asked = parser.parse_args()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; see this module's docstring")
        return 2
    networks = {
        "loopback": Network(0, 0),
        "function": Network(asked.mb_per_s, asked.wait_ms),
    }
    fields = set(filter(None, asked.only.split(",")))
    wanted = [case for case in CASES if fields <= set(case.name.split(","))]
    rows = []
    for case in wanted:
        rounds = asked.rounds if case.network == "loopback" else 1
        print(f"{case.name} …", flush=True)
        rows.append(_measured(case, networks[case.network], Path(ffmpeg), rounds))
    _show(rows)
    if not asked.no_record:
        about = {"rounds": asked.rounds, "mb_per_s": asked.mb_per_s, "wait_ms": asked.wait_ms}
        record("stitch", rows, **about)
        draw(rows)
    return 0


def _measured(case: Case, network: Network, ffmpeg: Path, rounds: int) -> dict[str, Any]:
    kbps = round(case.part_mb * 8e3 / PART_S)
    parts = make_parts(ffmpeg, PROJECT / "build" / "stitch", kbps, case.container)
    with tempfile.TemporaryDirectory(prefix="stitch-", dir=PROJECT / "build" / "stitch") as name:
        folder = Path(name)
        manifest, plan = write_job(ffmpeg, parts, case.parts, folder)
        done = [
            Round(
                _run("assemble", case, network, manifest, folder),
                _run("copy", case, network, manifest, folder),
            )
            for _ in range(rounds)
        ]
        traced = _run("traced", case, network, manifest, folder)
    frames = plan.video.total_frames
    for one in (*(each.stitch for each in done), traced):
        if one["frames"] != frames:
            raise RuntimeError(f"{case.name} has {one['frames']} frames, not {frames}")
    return row(case, done, traced, parts.chunk_bytes)


def _run(how: str, case: Case, network: Network, manifest: Path, folder: Path) -> dict[str, Any]:
    """One run of the measured process, with what the store counted of it."""
    with _store(network, manifest, folder) as port:
        with tempfile.TemporaryDirectory(prefix="tmp-", dir=folder) as tmp:
            environ = {
                **os.environ,
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "none",
                "AWS_SECRET_ACCESS_KEY": "none",
                "AWS_DEFAULT_REGION": "us-east-1",
                "MEDIA_BUCKET": "media",
                "TMPDIR": tmp,
            }
            command = [sys.executable, "-m", "benchmarks.stitching.worker", how, str(manifest)]
            ended = subprocess.run(
                [*_on_core(0), *command], env=environ, check=True, stdout=subprocess.PIPE
            )
        told: dict[str, Any] = json.loads(ended.stdout)
        with urlopen(f"http://127.0.0.1:{port}/counted") as answer:
            told["counted"] = json.load(answer)
        if told["sha256"] is not None and _digest(port, case) != told["sha256"]:
            raise RuntimeError(f"{case.name}: what was stored is not what was said")
        return told


def _digest(port: int, case: Case) -> str:
    key = Keys(JOB).output(OUTPUT, case.container)
    with urlopen(f"http://127.0.0.1:{port}/sha256/{key}") as answer:
        return str(answer.read().decode())


@contextmanager
def _store(network: Network, manifest: Path, folder: Path) -> Iterator[int]:
    """The store's port."""
    with tempfile.TemporaryDirectory(prefix="store-", dir=folder) as kept:
        command = [
            *(*_on_core(1), sys.executable, "-m", "benchmarks.stitching.double"),
            *(str(manifest), kept),
            *("--mb-per-s", str(network.mb_per_s), "--wait-ms", str(network.wait_ms)),
        ]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as store:
            if store.stdin is None or store.stdout is None:
                raise RuntimeError("the store has no pipes")
            try:
                yield int(store.stdout.readline())
            finally:
                store.stdin.close()
                store.wait(timeout=30)
        os.sync()  # or the next run pays for what this one wrote


def _on_core(number: int) -> list[str]:
    """Where there are two, each side has one."""
    many = len(os.sched_getaffinity(0)) > 1 and shutil.which("taskset") is not None
    return ["taskset", "-c", str(number)] if many else []


def _show(rows: list[dict[str, Any]]) -> None:
    console = Console(highlight=False, width=150)
    table = Table(
        *("case", "GB", "stitch s", "copy s", "ratio", "CPU s", "of copy"),
        *("peak MB", "disk", "requests", "read", "checks"),
        title="Stitch: medians; disk and read as parts of the output's size",
    )
    for one in rows:
        ratio = one["ratio"]
        table.add_row(
            one["case"],
            f"{one['output_bytes'] / 1e9:.2f}",
            *(f"{one[name]['median']:.1f}" for name in ("wall_s", "copy_s")),
            f"{ratio['median']:.2f} ({ratio['min']:.2f}-{ratio['max']:.2f})",
            *(f"{one[name]['median']:.1f}" for name in ("cpu_s", "copy_cpu_s")),
            str(max(one["peak_mb"], one["peak_child_mb"])),
            f"{one['disk_of_output']:.2f}",
            f"{one['requests']:,}",
            f"{one['read_of_output']:.2f}",
            f"{one['checks_share']:.0%}",
        )
    console.print(table)
    for one in rows:
        spent = ", ".join(f"{name} {took:.2f}" for name, took in one["spent_s"].items())
        console.print(f"{one['case']}: {spent}")


if __name__ == "__main__":
    sys.exit(main())
