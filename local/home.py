"""The one folder an embedded AWS writes to, and the note in it of what is running."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
DEFAULT_HOME = PROJECT / ".reelwright"
REGION = "us-east-1"
ACCOUNT = "000000000000"
HOME_MARKER = "REELWRIGHT_HOME"
"""Every process of an embedded AWS carries its home in this variable: that is how it is known."""


_KEPT = ("HOME", "LAMBDA_ACCOUNT_CONCURRENCY", "LANG", "LC_", "PATH", "PYTHON")
"""Beginnings of the variables an engine is given. MiniStack reads dozens of general names."""


def engine_environment() -> dict[str, str]:
    """What the engine gets of the caller's environment."""
    return {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}


def forget_account() -> None:
    """Take the user's own AWS account and proxies out of this process: for commands that speak to
    an embedded AWS only."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]


@dataclass(frozen=True)
class Home:
    """Paths below one home folder."""

    path: Path

    @property
    def note_path(self) -> Path:
        return self.path / "local.json"

    @property
    def log_path(self) -> Path:
        return self.path / "engine.log"

    @property
    def tmp_path(self) -> Path:
        """TMPDIR of the engine and of every function in it."""
        return self.path / "tmp"

    @property
    def state_path(self) -> Path:
        """What the engine's services keep: keys they sign with."""
        return self.path / "state"

    @property
    def kept_path(self) -> Path:
        """What a stopped engine leaves for the next one: tables, files, queues, the stack."""
        return self.path / "kept"

    @property
    def set_aside_path(self) -> Path:
        """What was kept and could not be read."""
        return self.path / "kept.unreadable"

    @property
    def code_path(self) -> Path:
        """Unpacked function code and layers, one folder per content hash."""
        return self.path / "code"

    @property
    def zips_path(self) -> Path:
        """Zipped assets by asset hash."""
        return self.path / "zips"

    def read_note(self) -> dict[str, Any] | None:
        """What the running engine wrote about itself; None when there is no note."""
        try:
            note: dict[str, Any] = json.loads(self.note_path.read_text("utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return note

    def write_note(self, note: dict[str, Any]) -> None:
        """Replace the note as a whole, so that no reader ever sees half of it."""
        self.path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=self.path, prefix="local.", suffix=".tmp", delete=False
        ) as file:
            json.dump(note, file, indent=2)
        Path(file.name).replace(self.note_path)

    def remove_note(self) -> None:
        self.note_path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove all that outlives an engine, but for what is only made anew: zips and code."""
        for path in (self.kept_path, self.set_aside_path, self.state_path):
            shutil.rmtree(path, ignore_errors=True)
