"""Jobs, cancels and faults by chance, for as long as it is told, on an embedded AWS of its own.

`make soak MINUTES=30` runs it. After each round all comes to rest; then nothing may be lost, and
nothing be left that belongs to no job. Over the rounds nothing may grow. Exit code 1: something was
or did.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from benchmarks.load.showing import make_console
from benchmarks.load.sources import make_clips
from benchmarks.soak.promises import growths, series
from benchmarks.soak.showing import show_faults, show_rounds, show_series
from benchmarks.soak.soaking import Plan, Soak, soak
from local import processes
from local.home import PROJECT

_CLIPS = PROJECT / "build" / "load" / "clips"
_KEPT = PROJECT / "build" / "soak.json"


def main() -> int:
    arguments = _arguments()
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; run this by `make soak`")
        return 2
    console = make_console()
    console.print(f"{arguments.minutes:g} minutes, seed {arguments.seed}")
    files = make_clips(Path(ffmpeg), _CLIPS)
    plan = Plan(arguments.minutes, arguments.seed, arguments.ceiling, arguments.share)
    found = soak(console, arguments.assembly, files, plan)
    if left := processes.of_home(found.home):
        found.broken.append(f"Left: {len(left)} processes outlived the engine.")
    return _report(console, found, plan)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True, help="a synthesized CDK app")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ceiling", type=int, required=True, help="the stack's max_active_jobs")
    parser.add_argument("--share", type=float, default=0.004, help="of functions' calls that fail")
    return parser.parse_args()


def _report(console: Console, found: Soak, plan: Plan) -> int:
    measured = series(found.warm)
    broken = [*found.broken, *growths(measured)]
    show_rounds(console, found.rounds)
    show_faults(console, found.faults)
    show_series(console, measured)
    kept = {
        **asdict(plan),
        "broken": broken,
        "faults": found.faults,
        "rounds": [asdict(one) for one in found.rounds],
        "series": [{**asdict(one), "slope": one.slope} for one in measured],
    }
    _KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    for line in broken:
        console.print(f"[red]BROKEN[/] {escape(line)}", soft_wrap=True)
    jobs = sum(one.sent for one in found.rounds)
    end = f"{len(broken)} promises were broken" if broken else "Every promise held"
    console.print(f"{end}: {jobs} messages in {len(found.rounds)} rounds, seed {plan.seed}.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
