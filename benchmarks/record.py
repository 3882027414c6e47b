"""Where benchmarks leave what they measured: one JSON file, a section for each benchmark."""

import datetime
import fcntl
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.home import PROJECT

RESULTS = PROJECT / "benchmarks" / "results"
LATEST = RESULTS / "latest.json"

Row = dict[str, Any]


def record(section: str, rows: Sequence[Row], **about: Any) -> None:
    """Replace a section: `rows` under its name, and when, where and how they were measured under
    `about`. Other sections stay."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with (RESULTS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        latest = recorded()
        latest[section] = list(rows)
        latest.setdefault("about", {})[section] = {**_here(), **about}
        part = LATEST.with_suffix(".part")
        part.write_text(json.dumps(latest, indent=1, sort_keys=True) + "\n", "utf-8")
        part.replace(LATEST)


def recorded() -> dict[str, Any]:
    """All sections of the last runs; {} where there are none."""
    try:
        found: dict[str, Any] = json.loads(LATEST.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _here() -> dict[str, Any]:
    """The machine, and the tree."""
    return {
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _commit() -> str:
    """Of the tree that ran, "+" where it had changes."""
    git = ["git", "-C", str(PROJECT)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run([*git, "diff", "--quiet", "HEAD"], check=False)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("+" if changed.returncode else "")


def _processor() -> str:
    """The model's name as Linux tells it, else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
