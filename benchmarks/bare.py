"""One bare ffmpeg that makes the same files as a job, with all cores, as a user would write it."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from functions.shared.plan import Plan


@dataclass(frozen=True)
class Spent:
    """What a run took."""

    wall_s: float
    cpu_s: float
    """User and system."""
    peak_mb: int


def measured(command: Sequence[str]) -> Spent:
    """Run to the end. CalledProcessError if it fails."""
    began = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def command(
    ffmpeg: str,
    source: Path,
    plan: Plan,
    files: Sequence[Path],
    logo: Path | None,
    keyint: int | None = None,
) -> list[str]:
    """The same sizes, encoders, quality and key frames as the plan's, or a key frame every `keyint`
    frames; the rest as ffmpeg has it."""
    logo_input = ["-i", str(logo)] if logo else []
    return [
        *(ffmpeg, "-nostdin", "-v", "error", "-y", "-i", str(source), *logo_input),
        *("-filter_complex", ";".join(_graph(plan, with_logo=logo is not None))),
        *_outputs(plan, files, keyint),
    ]


def _graph(plan: Plan, *, with_logo: bool) -> Iterator[str]:
    count = len(plan.outputs)
    yield f"[0:v]split={count}" + "".join(f"[s{i}]" for i in range(count))
    if with_logo:
        yield f"[1:v]split={count}" + "".join(f"[p{i}]" for i in range(count))
    for i, output in enumerate(plan.outputs):
        scaled = f"[s{i}]scale={output.width}:{output.height}"
        if not with_logo:
            yield f"{scaled}[o{i}]"
            continue
        asked = plan.overlays.images[0].asked
        wide = round(output.width * asked.width_percent / 100)
        margin = round(min(output.width, output.height) * asked.margin_percent / 100)
        yield f"{scaled}[b{i}];[p{i}]scale={wide}:-2[l{i}]"
        yield f"[b{i}][l{i}]overlay=W-w-{margin}:{margin}[o{i}]"


def _outputs(plan: Plan, files: Sequence[Path], keyint: int | None) -> Iterator[str]:
    for i, (output, file) in enumerate(zip(plan.outputs, files, strict=True)):
        yield from ("-map", f"[o{i}]", "-map", "0:a?")
        yield from ("-c:v", "libx264", "-preset", output.coding.preset)
        yield from ("-crf", str(output.coding.crf), "-pix_fmt", output.coding.pixel_format)
        yield from ("-x264-params", f"keyint={keyint or output.keyint}:open-gop=0")
        yield from ("-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", str(file))
