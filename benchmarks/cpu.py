"""CPU seconds of a tree of processes, those that have ended included.

The kernel adds what a child used to its parent when the parent collects it. Whoever loses its
parent is adopted by the engine's supervisor, so all that an engine ever started is either a process
below the supervisor, ended ones not yet collected included, or in the sum of one that is.
"""

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARENT, _OWN_USER, _ENDED_SYSTEM = 1, 11, 14
"""Places in /proc/PID/stat behind the name: the parent's id; four times from user to the system
time of ended children."""


def tree_s(root: int, proc: Path = Path("/proc")) -> float:
    """User and system seconds of a process and all that it started, so far (Linux)."""
    parents, used_s = {}, {}
    for entry in proc.glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text("utf-8", errors="replace")
        except OSError:  # ended and collected meanwhile
            continue
        fields = stat.rpartition(")")[2].split()
        parents[int(entry.name)] = int(fields[_PARENT])
        times = fields[_OWN_USER : _ENDED_SYSTEM + 1]
        used_s[int(entry.name)] = sum(map(int, times)) / _TICKS_PER_S
    return sum(used for pid, used in used_s.items() if _is_below(pid, root, parents))


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    at: int | None = pid
    while at is not None and at != root:
        at = parents.get(at)
    return at == root
