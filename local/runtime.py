"""The packages Lambda's Python runtime supplies, installed beside the project for the workers."""

import shutil
import subprocess
import sys
from pathlib import Path

from local.home import PROJECT

_LOCK = PROJECT / "requirements" / "runtime.txt"


def runtime_path() -> Path:
    return PROJECT / "build" / f"runtime-{sys.version_info.major}.{sys.version_info.minor}"


def build_runtime() -> Path:
    """Install the locked runtime packages unless this very lock is installed already."""
    target = runtime_path()
    stamp = target / ".lock"
    lock = _LOCK.read_text("utf-8")
    if stamp.exists() and stamp.read_text("utf-8") == lock:
        return target
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    install = ["install", "--no-deps", "--require-hashes", "-r", str(_LOCK), "--target", str(part)]
    subprocess.run([*pip, *install], check=True, stdin=subprocess.DEVNULL)
    (part / ".lock").write_text(lock, "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return target
