"""The peers, each in an environment of its own under build/peers; made when first asked for."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.home import PROJECT

FOLDER = PROJECT / "build" / "peers"
_HERE = Path(__file__).parent
_MOST_TOLD = 200
"""Letters."""
_LOCKED = PROJECT / "requirements" / "peers.txt"


class PeerMissingError(RuntimeError):
    """A peer can't be had on this machine; says why in one sentence."""


def moviepy() -> Path:
    """The Python that has it."""
    home = FOLDER / "moviepy"
    python = home / "bin" / "python"
    if not _is_made_of(home, _LOCKED):
        shutil.rmtree(home, ignore_errors=True)
        _do("install MoviePy", [sys.executable, "-m", "venv", str(home)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
        _do("install MoviePy", [*pip, "--requirement", str(_LOCKED)])
        _note(home, _LOCKED)
    return python


def remotion() -> Path:
    """The folder of the project, with what it needs in it."""
    home, source = FOLDER / "remotion", _HERE / "remotion"
    locked = source / "package-lock.json"
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise PeerMissingError(f"Remotion needs {tool}, which is not on PATH.")
    home.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, home, dirs_exist_ok=True)
    if not _is_made_of(home, locked):
        _do("install Remotion", ["npm", "ci", "--ignore-scripts", "--loglevel=error"], home)
        _note(home, locked)
    return home


def chromium() -> str:
    """Of this machine: CHROMIUM=… or the one on PATH."""
    found = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    if not found:
        raise PeerMissingError("Remotion needs Chromium: install it, or name it by CHROMIUM=….")
    return found


def moviepy_version(python: Path) -> str:
    told = "import importlib.metadata as m; print(m.version('moviepy'))"
    return f"MoviePy {_said([str(python), '-c', told])}"


def remotion_version(home: Path, browser: str) -> str:
    package = json.loads((home / "node_modules" / "remotion" / "package.json").read_text("utf-8"))
    chrome = re.search(r"\d+(?:\.\d+)*", _said([browser, "--version"]))
    node = _said(["node", "--version"]).removeprefix("v")
    return f"Remotion {package['version']}, Chromium {chrome and chrome[0]}, Node {node}"


def ffmpeg_version(ffmpeg: str) -> str:
    first, *_ = _said([ffmpeg, "-version"]).splitlines()
    return "FFmpeg " + first.split()[2]


def bundle(home: Path, public: Path) -> Path:
    """Remotion's bundle of the clip, with the files of `public` in it."""
    made = FOLDER / "bundle"
    shutil.rmtree(made, ignore_errors=True)
    _do("bundle the clip for Remotion", ["node", "bundle.mjs", str(public), str(made)], home)
    return made


def _said(command: Sequence[str]) -> str:
    return _do("ask for a version", command)


def _do(what: str, command: Sequence[str], folder: Path | None = None) -> str:
    """What it wrote. PeerMissingError where it fails, with the beginning of what it wrote then."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise PeerMissingError(f"Could not {what}: {error}.") from None
    if done.returncode:
        why = " ".join(done.stderr.split())[:_MOST_TOLD] or f"exit code {done.returncode}"
        raise PeerMissingError(f"Could not {what}: {command[0]} said: {why}")
    return done.stdout.strip()


def _is_made_of(home: Path, locked: Path) -> bool:
    stamp = home / ".locked"
    return stamp.exists() and stamp.read_text("ascii") == _digest(locked)


def _note(home: Path, locked: Path) -> None:
    (home / ".locked").write_text(_digest(locked), "ascii")


def _digest(locked: Path) -> str:
    return hashlib.sha256(locked.read_bytes()).hexdigest()
