"""What one run of a command used, with all that it starts."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.home import PROJECT


class RunFailedError(RuntimeError):
    """A peer's command failed; says what it said last."""


@dataclass(frozen=True)
class Usage:
    wall_s: float
    cpu_s: float
    peak_mb: float
    """The most memory at any of the moments looked at, five a second."""


def of_command(command: Sequence[str], environment: dict[str, str] | None = None) -> Usage:
    """Run it to its end. RunFailedError where it fails."""
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.peers.alone", str(report), *command],
            cwd=PROJECT,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-600:]
            raise RunFailedError(f"{command[0]} failed with {done.returncode}: {said}")
        return Usage(**json.loads(report.read_text("utf-8")))
