"""Rounds of a job and a bare ffmpeg in turn, on a new stack, and the row they come to."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import bare
from benchmarks.cases import Case
from benchmarks.figures import medians, spread_of
from benchmarks.jobs import Run, run_job
from benchmarks.memory import peak_memory_mb
from benchmarks.quality import Quality, compare
from benchmarks.record import Row
from benchmarks.stack import new_stack
from local.home import PROJECT
from reelwright.direct import DirectClient

LOGO = PROJECT / "examples" / "requests" / "assets" / "logo.png"


@dataclass(frozen=True)
class Bench:
    """What every case is measured with."""

    ffmpeg: str
    assembly: Path
    say: Callable[[str], None]
    with_vmaf: bool


@dataclass(frozen=True)
class Measured:
    """Of one case."""

    runs: Sequence[Run]
    bares: Sequence[bare.Spent]
    bare_bytes: int
    memory_mb: dict[str, int]
    quality: Quality | None


def measure(
    bench: Bench, case: Case, source: Path, *, keyint: int | None = None, **more: Any
) -> Measured:
    """`keyint` is bare ffmpeg's where it is not the job's; `more` are further fields of the
    request."""
    runs: list[Run] = []
    bares: list[bare.Spent] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with new_stack("bench", bench.assembly) as (client, aws):
            uploaded = client.upload(source)
            logo = client.upload(LOGO) if case.overlay else None
            for _ in range(case.rounds):
                run = run_job(client, aws, {**case.request(uploaded, logo), **more})
                outputs = run.plan.outputs
                files = [folder / f"bare-{output.name}.mp4" for output in outputs]
                over = LOGO if logo else None
                command = bare.command(bench.ffmpeg, source, run.plan, files, over, keyint)
                runs.append(run)
                bares.append(bare.measured(command))
                ratio = run.wall_s / bares[-1].wall_s
                bench.say(
                    f"{case.name}: job {run.wall_s:.1f} s, ffmpeg {bares[-1].wall_s:.1f} s,"
                    f" ratio {ratio:.2f}"
                )
            memory_mb = peak_memory_mb(aws)
            made = _downloaded(client, runs[0], folder)
        # The engine has stopped: VMAF has the machine to itself.
        return Measured(
            runs,
            bares,
            sum(file.stat().st_size for file in files),
            memory_mb,
            _quality(bench, source, runs[0], made, files) if bench.with_vmaf else None,
        )


def row(case: Case, found: Measured) -> Row:
    """Ratios are the job's by ffmpeg's, round by round."""
    pairs = list(zip(found.runs, found.bares, strict=True))
    plan = found.runs[0].plan
    return {
        "clip_s": case.clip_s,
        "preset": case.preset,
        "outputs": case.outputs,
        "overlay": case.overlay,
        "rounds": len(found.runs),
        "chunks": len(plan.chunks),
        "chunk_s": round(float(plan.chunk_frames / plan.video.rate), 3),
        **spread_of("wall_ratio", [run.wall_s / one.wall_s for run, one in pairs]),
        **spread_of("cpu_ratio", [run.cpu_s / one.cpu_s for run, one in pairs]),
        **spread_of("bytes_ratio", [run.size_bytes / found.bare_bytes for run in found.runs], 4),
        "first_wall_ratio": round(found.runs[0].wall_s / found.bares[0].wall_s, 3),
        **spread_of("job_s", [run.wall_s for run in found.runs], 2),
        **spread_of("ffmpeg_s", [one.wall_s for one in found.bares], 2),
        **spread_of("job_cpu_s", [run.cpu_s for run in found.runs], 2),
        **spread_of("ffmpeg_cpu_s", [one.cpu_s for one in found.bares], 2),
        "job_bytes": found.runs[0].size_bytes,
        "ffmpeg_bytes": found.bare_bytes,
        "ffmpeg_peak_mb": max(one.peak_mb for one in found.bares),
        "chunk_peak_mb": found.memory_mb.get("render_chunk"),
        "function_peak_mb": found.memory_mb,
        "stages": medians([run.stages for run in found.runs]),
        **_told(found.quality),
    }


def _told(quality: Quality | None) -> Row:
    if quality is None:
        names = ("vmaf", "vmaf_ffmpeg", "vmaf_delta", "seam_vmaf", "seam_vmaf_ffmpeg")
        return dict.fromkeys(names)
    job_low, ffmpeg_low = quality.at_seams or (None, None)
    return {
        "vmaf": round(quality.job, 3),
        "vmaf_ffmpeg": round(quality.ffmpeg, 3),
        "vmaf_delta": round(quality.job - quality.ffmpeg, 3),
        "seam_vmaf": job_low and round(job_low, 3),
        "seam_vmaf_ffmpeg": ffmpeg_low and round(ffmpeg_low, 3),
        "vmaf_frames": quality.frames,
    }


def _downloaded(client: DirectClient, run: Run, folder: Path) -> list[Path]:
    """The job's files in the plan's order."""
    keys = {output["name"]: output["key"] for output in run.result["outputs"]}
    return [client.download(keys[output.name], folder / "job") for output in run.plan.outputs]


def _quality(
    bench: Bench, source: Path, run: Run, made: Sequence[Path], files: Sequence[Path]
) -> Quality:
    plan = run.plan
    return compare(
        bench.ffmpeg,
        source,
        outputs=plan.outputs,
        made=made,
        bare=files,
        seams=run.seams,
        total=plan.video.total_frames,
        rate=float(plan.video.rate),
    )
