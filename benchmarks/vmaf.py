"""VMAF of a file against the source, frame by frame, on as many frames as it takes."""

import json
import math
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

Window = tuple[int, int]
"""Frames `[start, end)`."""
_COUNTED = "settb=1/1000,setpts=N"
"""Frames are paired by number: containers round times differently."""


def spread(total: int, rate: float, most: int) -> list[Window]:
    """Seconds spread evenly over all frames, `most` frames at most; everything where it fits."""
    if total <= most:
        return [(0, total)]
    second = round(rate)
    step = math.ceil(total / most)
    return [(at, min(at + second, total)) for at in range(0, total, step * second)]


def around(seams: Iterable[int], rate: float, total: int) -> list[Window]:
    """All frames within a second of a seam."""
    second = round(rate)
    return [(max(0, seam - second), min(total, seam + second)) for seam in seams]


def joined(windows: Iterable[Window]) -> list[Window]:
    """Without overlaps, in order."""
    found: list[Window] = []
    for start, end in sorted(windows):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def scores(
    ffmpeg: str, made: Path, source: Path, windows: Sequence[Window], size: tuple[int, int]
) -> dict[int, float]:
    """Frame number → VMAF of `made` against the source at the size of `made`."""
    numbers = [number for start, end in windows for number in range(start, end)]
    picked = "+".join(rf"between(n\,{start}\,{end - 1})" for start, end in windows)
    chain = f"select={picked},{_COUNTED},format=yuv420p"
    with tempfile.TemporaryDirectory(prefix="vmaf-") as folder:
        log = Path(folder) / "vmaf.json"
        graph = (
            f"[0:v]{chain}[made];[1:v]{chain},scale={size[0]}:{size[1]}[source];"
            f"[made][source]libvmaf=log_fmt=json:n_threads=2:log_path={log}"
        )
        command = [
            *(ffmpeg, "-nostdin", "-v", "error", "-i", str(made), "-i", str(source)),
            *("-lavfi", graph, "-fps_mode", "passthrough", "-enc_time_base", "1:1000"),
            *("-f", "null", "-"),
        ]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        frames = json.loads(log.read_text("utf-8"))["frames"]
    if len(frames) != len(numbers):
        raise RuntimeError(f"{made.name}: {len(frames)} frames were compared of {len(numbers)}")
    return {numbers[frame["frameNum"]]: frame["metrics"]["vmaf"] for frame in frames}


def mean(found: dict[int, float], windows: Iterable[Window]) -> float:
    picked = [found[number] for start, end in windows for number in range(start, end)]
    return sum(picked) / len(picked)


def lowest(found: dict[int, float], windows: Iterable[Window]) -> float | None:
    """Of the worst frame; None where there is no window. Two files are not compared frame by frame:
    the same frame may be a B-frame of one and a key frame of the other."""
    picked = (found[number] for start, end in windows for number in range(start, end))
    return min(picked, default=None)
