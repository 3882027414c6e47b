"""A process's descendants and their memory, from /proc (Linux)."""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

_EACH_S = 0.2


def parent(stat: str) -> int:
    """By a line of /proc/PID/stat. The name in it may hold spaces and brackets."""
    return int(stat.rpartition(")")[2].split()[1])


def descendants(pid: int) -> list[int]:
    """Of this process, at any depth."""
    children = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            stat = (entry / "stat").read_text("utf-8", "replace")
            children[parent(stat)].append(int(entry.name))
    found = list(children[pid])
    for one in found:
        found += children[one]
    return found


def memory_mb(pids: Iterable[int]) -> float:
    """Of them together: what several share is counted once (PSS)."""
    return sum(map(_pss_kb, pids)) / 1000


class Peak(threading.Thread):
    """Looks at the memory of what `pids` finds, five times a second, while the block runs."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._pids = pids
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while not self._over.wait(_EACH_S):
            self.peak_mb = max(self.peak_mb, memory_mb(self._pids()))


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
