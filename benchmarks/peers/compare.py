"""How many frames a file has, and how like the picture without loss a part of it is.

Frames are paired by number: containers round times differently.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.scene import Box

_PAIRED = "format=yuv420p,setparams=range=tv:colorspace=bt709,settb=1/30,setpts=N"
_Y_LINE = re.compile(r"^n:\d+ Y:(\d\.\d+)", re.MULTILINE)


def ssim(ffmpeg: str, made: Path, reference: Path, box: Box, frames: tuple[int, int]) -> float:
    """The mean over `frames`, in luma, of the part of the picture within `box`."""
    x, y, width, height = box
    part = f"trim=start_frame={frames[0]}:end_frame={frames[1]},crop={width}:{height}:{x}:{y}"
    with tempfile.TemporaryDirectory(prefix="ssim-") as folder:
        log = Path(folder) / "ssim.log"
        graph = f"[made]{part}[a];[reference]{part}[b];[a][b]ssim=stats_file={log}:shortest=1"
        _compare(ffmpeg, made, reference, graph)
        return mean_luma(log.read_text("ascii"))


def mean_luma(log: str) -> float:
    """Of what the filter ssim wrote. ValueError where it compared no frame."""
    found = [float(value) for value in _Y_LINE.findall(log)]
    if not found:
        raise ValueError("No frame was compared: the file is shorter than the part asked for.")
    return sum(found) / len(found)


def count_frames(ffmpeg: str, file: Path) -> int:
    """Of the video, by decoding all."""
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", str(file), "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-f", "null", "-progress", "pipe:1", "-"]
    done = subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return int(re.findall(r"^frame=(\d+)", done.stdout, re.MULTILINE)[-1])


def _compare(ffmpeg: str, made: Path, reference: Path, graph: str) -> None:
    paired = f"[0:v]{_PAIRED}[made];[1:v]{_PAIRED}[reference];"
    command: Sequence[str] = [
        *(ffmpeg, "-nostdin", "-v", "error", "-i", str(made), "-i", str(reference)),
        *("-lavfi", paired + graph, "-fps_mode", "passthrough", "-f", "null", "-"),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
