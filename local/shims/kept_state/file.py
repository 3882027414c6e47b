"""The file an engine's state is kept in: one line of JSON that says what it is, then the state."""

import datetime
import hashlib
import itertools
import json
import shutil
from dataclasses import dataclass
from typing import Any

from local.home import Home
from local.shims import PINNED

_FORMAT = 1
"""Raised whenever an older file would be misread."""
_NAME = "state"


class UnreadableStateError(RuntimeError):
    """What was kept can't be used; says why."""


@dataclass(frozen=True)
class Kept:
    """A saved state. `parts` are pickles that can be read one by one."""

    endpoint: str
    """Where the engine was that saved it."""
    saved_at: str
    parts: dict[str, bytes]


def digest(parts: dict[str, bytes]) -> str:
    """The same for the same state."""
    found = hashlib.sha256()
    for name, content in parts.items():
        found.update(f"{name} {len(content)} ".encode())
        found.update(content)
    return found.hexdigest()


def write(home: Home, endpoint: str, parts: dict[str, bytes]) -> None:
    """Replace what was kept, as a whole."""
    head = {
        "format": _FORMAT,
        "pins": PINNED,
        "endpoint": endpoint,
        "saved_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "sizes": {name: len(content) for name, content in parts.items()},
        "sha256": digest(parts),
    }
    home.kept_path.mkdir(parents=True, exist_ok=True)
    part = home.kept_path / f"{_NAME}.part"
    with part.open("wb") as file:
        file.write(json.dumps(head).encode() + b"\n")
        for content in parts.values():
            file.write(content)
    part.replace(home.kept_path / _NAME)


def read(home: Home) -> Kept | None:
    """What was kept; None where nothing was. UnreadableStateError where it can't be used."""
    try:
        head_line, _, body = (home.kept_path / _NAME).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    head = _head(head_line)
    if (head.get("format"), head.get("pins")) != (_FORMAT, PINNED):
        raise UnreadableStateError(
            f"it was kept for format {head.get('format')} and {head.get('pins')}, "
            f"this is {_FORMAT} and {PINNED}"
        )
    starts = list(itertools.accumulate(head["sizes"].values(), initial=0))
    parts = {
        name: body[start:end]
        for name, start, end in zip(head["sizes"], starts, starts[1:], strict=False)
    }
    if len(body) != starts[-1] or digest(parts) != head["sha256"]:
        raise UnreadableStateError("it is damaged: its checksum is another one")
    return Kept(head["endpoint"], head["saved_at"], parts)


def last_port(home: Home) -> int | None:
    """The port of the engine that saved; None where that is not known."""
    try:
        with (home.kept_path / _NAME).open("rb") as file:
            endpoint = str(_head(file.readline())["endpoint"])
        return int(endpoint.rpartition(":")[2])
    except (OSError, UnreadableStateError, KeyError, ValueError):
        return None


def set_aside(home: Home, why: str) -> str:
    """Put what was kept out of the way, instead of what was before. Returns a sentence on it."""
    shutil.rmtree(home.set_aside_path, ignore_errors=True)
    home.kept_path.replace(home.set_aside_path)
    return (
        f"What was kept in {home.kept_path} can't be read: {why}. It was set aside as "
        f"{home.set_aside_path.name}, and the embedded AWS starts empty."
    )


def _head(line: bytes) -> dict[str, Any]:
    try:
        head = json.loads(line)
    except ValueError as error:
        raise UnreadableStateError("it is damaged: it has no first line of JSON") from error
    if not isinstance(head, dict):
        raise UnreadableStateError("it is damaged: its first line is no JSON object")
    return head
