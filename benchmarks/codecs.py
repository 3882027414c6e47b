"""Every codec in chunks against the same in one piece: bytes and VMAF.

PATH="build/layers/ffmpeg-x86_64/bin:$PATH" python -m benchmarks.codecs \\
    --assembly build/cdk.local.out ../shared/corpus/nasa_13013.mp4

Two jobs a codec on the embedded stack, of chunks of five seconds and of one chunk; VMAF is of each
against the source, which is brought to the outputs' height.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.stack import complete, new_stack
from reelwright.direct import DirectClient

CODECS: dict[str, dict[str, Any]] = {
    "h264": {"container": "mp4"},
    "hevc": {"container": "mp4"},
    "vp9": {"container": "webm"},
    "av1": {"container": "mp4"},
    "prores": {"container": "mov"},
}
_CHUNK_S = 5
_ONE_CHUNK_S = 300
_COUNTED = "settb=1/1000,setpts=N"
"""Frames are paired by number: containers round times differently."""


@dataclass(frozen=True)
class Made:
    """A file and how near its source it is."""

    size_bytes: int
    vmaf: float
    worst: float
    """The worst frame's."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="codecs", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--seconds", type=float, default=15)
    asked = parser.parse_args()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; see this module's docstring")
        return 2
    table = Table("codec", "size", "VMAF in chunks", "in one piece", "worst frame", "in one piece")
    with (
        new_stack("codecs", asked.assembly) as (client, _),
        tempfile.TemporaryDirectory(prefix="codecs-") as folder,
    ):
        original = Path(folder) / "original.mkv"
        _bring_to(ffmpeg, asked.source, original, asked.height, asked.seconds)
        uploaded = client.upload(original)
        for codec, output in CODECS.items():
            parts, whole = (
                _make(client, ffmpeg, uploaded, original, codec, output, chunk_s, Path(folder))
                for chunk_s in (_CHUNK_S, _ONE_CHUNK_S)
            )
            table.add_row(
                codec,
                f"{parts.size_bytes / whole.size_bytes - 1:+.1%}",
                f"{parts.vmaf:.2f}",
                f"{whole.vmaf:.2f}",
                f"{parts.worst:.1f}",
                f"{whole.worst:.1f}",
            )
    Console(highlight=False).print(table)
    return 0


def _bring_to(ffmpeg: str, source: Path, to: Path, height: int, seconds: float) -> None:
    """The source at the outputs' height, without loss, so that scaling is no part of the figure."""
    _run(
        [ffmpeg, "-v", "error", "-i", str(source), "-t", str(seconds)],
        ["-vf", f"scale=-2:{height},format=yuv420p", "-c:v", "libx264", "-preset", "ultrafast"],
        ["-qp", "0", "-an", "-y", str(to)],
    )


def _make(
    client: DirectClient,
    ffmpeg: str,
    uploaded: str,
    original: Path,
    codec: str,
    output: dict[str, Any],
    chunk_s: float,
    folder: Path,
) -> Made:
    wanted = {"name": codec, "audio": None, "video": {"codec": codec}, **output}
    job = complete(
        client, {"source": uploaded, "render": {"outputs": [wanted]}, "chunk_s": chunk_s}
    )
    (made,) = client.result(job)["outputs"]
    file = client.download(made["key"], folder)
    log = folder / "vmaf.json"
    vmaf = f"[made][original]libvmaf=log_fmt=json:log_path={log}"
    _run(
        [ffmpeg, "-v", "error", "-i", str(file), "-i", str(original)],
        ["-lavfi", f"[0:v]format=yuv420p,{_COUNTED}[made];[1:v]{_COUNTED}[original];{vmaf}"],
        ["-fps_mode", "passthrough", "-f", "null", "-"],
    )
    scores = json.loads(log.read_text())["pooled_metrics"]["vmaf"]
    return Made(int(made["size_bytes"]), float(scores["mean"]), float(scores["min"]))


def _run(*parts: list[str]) -> None:
    command = [word for part in parts for word in part]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
