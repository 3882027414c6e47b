"""What the command line keeps of a stack: its outputs and who is signed in, for its user alone."""

import contextlib
import hashlib
import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

from reelwright.errors import TransferError


def config_folder() -> Path:
    """By the XDG specification, or REELWRIGHT_CONFIG."""
    named = os.environ.get("REELWRIGHT_CONFIG")
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(named) if named else Path(base) / "reelwright"


class Kept:
    """One JSON file, readable by its owner only, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, *names: str) -> "Kept":
        """The file for what these names say together, e.g. a profile, a region and a stack."""
        told = re.sub(r"[^A-Za-z0-9.-]+", "_", "-".join(name for name in names if name))
        # Two stacks whose names differ only in what a file's name can't show.
        digest = hashlib.sha256("\0".join(names).encode()).hexdigest()[:8]
        return cls(config_folder() / f"{told[:80]}-{digest}.json")

    def read(self) -> dict[str, Any]:
        """Empty when there is nothing, or nothing that can be read."""
        try:
            found = json.loads(self.path.read_text("utf-8"))
        except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError):
            return {}
        except OSError as fault:
            raise _unusable(self.path, fault) from fault
        return found if isinstance(found, dict) else {}

    def write(self, content: dict[str, Any]) -> None:
        new = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex[:8]}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(content, file, indent=1)
            new.replace(self.path)
        except OSError as fault:
            with contextlib.suppress(OSError):
                new.unlink()
            raise _unusable(self.path, fault) from fault

    def forget(self) -> bool:
        """False if there was nothing."""
        was_there = self.path.exists()
        self.path.unlink(missing_ok=True)
        return was_there


def _unusable(path: Path, fault: OSError) -> TransferError:
    return TransferError(
        f"{path} can't be used ({fault.strerror or fault}).",
        "name another folder by REELWRIGHT_CONFIG",
    )
