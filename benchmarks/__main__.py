"""`python -m benchmarks --assembly build/cdk.local.out [--full]`: every section, one after another.

Each is a program of its own, so that one that fails leaves the others as they are. What failed is
told at the end, and the exit code is then 1. The pages' tables are written from what was recorded.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks import pages
from local.home import PROJECT


@dataclass(frozen=True)
class Section:
    """A module of this package. Arguments that hold {assembly} are filled in."""

    module: str
    always: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    """What makes it fit in `make bench`."""
    full: tuple[str, ...] = ()
    is_short: bool = True
    """Whether `make bench` has it."""

    def command(self, assembly: Path, *, full: bool) -> list[str]:
        words = (*self.always, *(self.full if full else self.short))
        filled = (word.format(assembly=assembly) for word in words)
        return [sys.executable, "-m", f"benchmarks.{self.module}", *filled]


_ON_STACK = ("--assembly", "{assembly}")
SECTIONS = (
    Section("job_vs_ffmpeg", _ON_STACK, full=("--full",)),
    Section(
        "chunk_length",
        _ON_STACK,
        short=("--clip-s", "30", "--preset", "veryfast", "--chunk-s", "2", "5", "10"),
        full=("--rounds", "2"),
    ),
    Section(
        "peers",
        _ON_STACK,
        short=("--rounds", "1", "--transcode-seconds", "30"),
    ),
    Section("stitch", short=("--rounds", "1", "--only", "60x1MB")),
    Section("cold_start", _ON_STACK, short=("--rounds", "5")),
    Section("cost", _ON_STACK),
    Section("model", ("calibrate", *_ON_STACK), is_short=False),
    Section("model", ("validate", *_ON_STACK), is_short=False),
    Section("model", ("report", *_ON_STACK)),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--full", action="store_true", help="every case; hours")
    parser.add_argument("--only", nargs="+", choices={each.module for each in SECTIONS})
    asked = parser.parse_args()
    console = Console(highlight=False)
    chosen = [
        each
        for each in SECTIONS
        if (asked.full or each.is_short) and each.module in (asked.only or (each.module,))
    ]
    failed = run(chosen, asked.assembly, console, full=asked.full)
    pages.main()
    for module, why in failed:
        console.print(f"[red]{module} {why}.")
    return 1 if failed else 0


def run(
    sections: Sequence[Section], assembly: Path, console: Console, *, full: bool
) -> list[tuple[str, str]]:
    """(module, what became of it) of those that failed."""
    failed = []
    for section in sections:
        console.rule(section.module)
        began = time.monotonic()
        code = subprocess.run(
            section.command(assembly, full=full),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
        console.print(f"{section.module}: {time.monotonic() - began:.0f} s")
        if code:
            failed.append((section.module, f"ended with {code}"))
    return failed


if __name__ == "__main__":
    sys.exit(main())
