"""The processes of an embedded AWS, and the memory they hold (Linux)."""

from collections import defaultdict
from pathlib import Path

from local.embedded import EmbeddedAws

_FUNCTION = b"AWS_LAMBDA_FUNCTION_NAME="
_MB = 1024
_PARENT = 1


def workers(aws: EmbeddedAws) -> list[int]:
    """Ids of the processes that run functions; what a function starts is not among them."""
    note = aws.note
    if note is None:
        return []
    children = _children()
    return [pid for pid in children[note["pid"]] if _runs_function(pid)]


def descendants(pid: int) -> list[int]:
    """Ids of all that a process has started, and what those have."""
    children, found = _children(), [pid]
    for one in found:
        found += children[one]
    return found[1:]


def memory_mb(pid: int) -> float | None:
    """Its own, resident; not what it maps of files. None of a process that has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return None
    told = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return int(told["RssAnon"].split()[0]) / _MB if "RssAnon" in told else None


def _children() -> dict[int, list[int]]:
    """Of every process on this machine. One that has ended and is not collected is none."""
    found: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if told[0] != "Z":
            found[int(told[_PARENT])].append(int(entry.name))
    return found


def _runs_function(pid: int) -> bool:
    try:
        return _FUNCTION in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
