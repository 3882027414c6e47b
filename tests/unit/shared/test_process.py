"""A child ends when it should, says no more than is kept, and knows no secret."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from functions.shared.process import KEPT_BYTES, clean_environment, run
from local import processes
from tests.polling import until

PYTHON = [sys.executable, "-c"]
PLAIN = {"PATH": os.defpath}


def test_output_and_exit_code_come_back() -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    ended = run([*PYTHON, code], environ=PLAIN, timeout_s=20)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, b"out\n", "err\n")
    assert ended.stopped is None


def test_endless_stderr_neither_blocks_nor_fills_memory() -> None:
    code = "import sys; sys.stderr.write('x' * 5_000_000); sys.stderr.write('the end')"
    ended = run([*PYTHON, code], environ=PLAIN, timeout_s=20)
    assert len(ended.stderr) == KEPT_BYTES
    assert ended.stderr.endswith("the end")


def test_child_that_ignores_sigterm_is_killed_in_time() -> None:
    code = "import signal; signal.signal(15, signal.SIG_IGN)\nwhile True: pass"
    started = time.monotonic()
    ended = run([*PYTHON, code], environ=PLAIN, timeout_s=0.5)
    assert ended.stopped == "timeout"
    assert ended.returncode == -signal.SIGKILL
    assert time.monotonic() - started < 5


def test_waiting_child_stalls_and_a_busy_one_does_not() -> None:
    waiting = run(
        [*PYTHON, "input = __import__('threading').Event().wait()"],
        environ=PLAIN,
        timeout_s=20,
        stall_s=0.7,
    )
    assert waiting.stopped == "stall"
    busy = run([*PYTHON, "while True: pass"], environ=PLAIN, timeout_s=2, stall_s=0.7)
    assert busy.stopped == "timeout"


def test_grandchildren_do_not_stay() -> None:
    code = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'while True: pass'])\n"
        "print(p.pid, flush=True)\nwhile True: pass"
    )
    ended = run([*PYTHON, code], environ=PLAIN, timeout_s=1.5)
    assert ended.stopped == "timeout"
    wait_until_gone(int(ended.stdout))


@pytest.mark.aws("lambda-memory")
def test_child_dies_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    inner = f"import os\nopen({str(told)!r}, 'w').write(str(os.getpid()))\nwhile True: pass"
    worker_code = textwrap.dedent(f"""
        from functions.shared.process import run
        run([{sys.executable!r}, "-c", {inner!r}], environ={{}}, timeout_s=60)
    """)
    with subprocess.Popen([*PYTHON, worker_code]) as worker:
        until(lambda: (told.exists() and told.read_text()) or None, "the child to run", 20)
        worker.kill()
    wait_until_gone(int(told.read_text()))


def wait_until_gone(pid: int) -> None:
    until(lambda: not processes.is_alive(pid), f"process {pid} to end", 10)


def test_child_reads_nothing_from_us() -> None:
    ended = run([*PYTHON, "print(repr(input()))"], environ=PLAIN, timeout_s=20)
    assert "EOFError" in ended.stderr


def test_environment_holds_no_credentials(tmp_path: Path) -> None:
    ours = {
        "PATH": "/bin",
        "LD_LIBRARY_PATH": "/opt/lib",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SESSION_TOKEN": "b",
        "AWS_LAMBDA_RUNTIME_API": "c",
        "http_proxy": "d",
        "PYTHONPATH": "e",
    }
    assert clean_environment(ours, tmp_path) == {
        "PATH": "/bin",
        "LD_LIBRARY_PATH": "/opt/lib",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "LC_ALL": "C.UTF-8",
    }


def test_program_that_is_missing_raises() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/no/such/program"], environ=PLAIN, timeout_s=1)
