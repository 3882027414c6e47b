"""`python -m benchmarks.peers.alone REPORT COMMAND…`: runs a command and writes what it used.

This process adopts what the command leaves behind, so that nothing escapes the count: browsers'
helpers outlive whoever started them.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.peers.processes import Peak, descendants
from local import processes

_GRACE_S = 5.0
_POLL_S = 0.02


def main(report: str, command: list[str]) -> int:
    processes.adopt_orphans()
    began = time.monotonic()
    with Peak(lambda: descendants(os.getpid())) as memory:
        code = subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode
        wall_s = time.monotonic() - began
    _collect_the_rest()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {
        "wall_s": wall_s,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": memory.peak_mb,
    }
    Path(report).write_text(json.dumps(told), "utf-8")
    return code if code >= 0 else 128 - code


def _collect_the_rest() -> None:
    """Wait for what was left behind to end, and end it if it doesn't."""
    deadline = time.monotonic() + _GRACE_S
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() > deadline:
                for left in descendants(os.getpid()):
                    processes.kill(left, signal.SIGKILL)
            time.sleep(_POLL_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
