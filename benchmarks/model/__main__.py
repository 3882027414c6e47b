"""`python -m benchmarks.model [calibrate | validate | report]`; see the package."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.model.calibrate import FOLDER, calibration_runs, layers_mb
from benchmarks.model.measured import Measured, NotCalibratedError
from benchmarks.model.report import report
from benchmarks.model.threads import measured_threads
from benchmarks.model.validate import validate
from benchmarks.record import record, recorded
from benchmarks.source import make_source
from local.home import PROJECT

CALIBRATION = "model_calibration"
_LAYERS = PROJECT / "build" / "layers"
_ON_AWS = "arm64"


def main() -> int:
    asked = _arguments()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    try:
        if asked.what == "report":
            report(console, Measured.read(recorded(), CALIBRATION))
            return 0
        ffmpeg = shutil.which("ffmpeg")
        if ffmpeg is None:
            print("ffmpeg is not on PATH; see the package's docstring")
            return 2
        if asked.what == "calibrate":
            _calibrate(console, asked, Path(ffmpeg))
            return 0
        measured = Measured.read(recorded(), CALIBRATION)
        return validate(
            console,
            measured,
            asked.assembly,
            Path(ffmpeg),
            asked.height,
            asked.seconds,
            asked.rounds,
        )
    except NotCalibratedError as error:
        print(error)
        return 2


def _calibrate(console: Console, asked: argparse.Namespace, ffmpeg: Path) -> None:
    clips = {asked.height: asked.calibration_seconds, asked.high: asked.high_seconds}
    cores = os.cpu_count() or 1
    runs = []
    for run in calibration_runs(asked.assembly, ffmpeg, clips, cores):
        runs.append(run)
        console.print(
            f"{run.kind:7} {run.height:5} lines {run.parts:3} parts {run.width} at once:"
            f" {run.wall_s:7.1f} s, {run.cpu_s['render_chunk']:7.1f} s of CPU in chunks"
        )
    one_chunk = make_source(ffmpeg, FOLDER, asked.calibration_seconds, height=asked.height)
    threads = measured_threads(one_chunk, cores)
    for row in threads:
        console.print("{threads} threads: {cpu_s:.1f} s of CPU in {wall_s:.1f} s".format(**row))
    about = {"threads": threads, "layers_mb": layers_mb(_LAYERS, _ON_AWS), "clips": clips}
    record(CALIBRATION, [vars(run) for run in runs], **about)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument(
        "what", nargs="?", default="report", choices=("calibrate", "validate", "report")
    )
    parser.add_argument("--assembly", type=Path, default=PROJECT / "build" / "cdk.local.out")
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--calibration-seconds", type=int, default=25)
    parser.add_argument("--high", type=int, default=2160, help="the second size's height")
    parser.add_argument("--high-seconds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=50, help="of the clip that is predicted")
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
