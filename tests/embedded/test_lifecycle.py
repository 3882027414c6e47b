"""The embedded AWS starts, is found, stops, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from local import processes
from local.embedded import EmbeddedAws, EngineFailedError
from local.home import PROJECT
from tests.embedded.conftest import Bench, eventually, unique

HOLD = """
    import os, subprocess
    def handle(event, context):
        child = subprocess.Popen(["sleep", "60"])
        open(event["pids"], "w").write(f"{os.getpid()} {child.pid}")
        child.wait()
"""


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def hold_a_worker(bench: Bench) -> list[int]:
    """Ids of a worker in the middle of a call, and of its child."""
    function = bench.function(HOLD, timeout_s=60)
    path = bench.aws.home.tmp_path / unique("pids")
    bench.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps({"pids": str(path)})
    )
    text = eventually(lambda: path.exists() and len(path.read_text().split()) == 2 and path)
    return [int(pid) for pid in text.read_text().split()]


def test_up_finds_the_running_one_and_down_ends_it(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    first, second = command("up", *home), command("up", *home)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) == json.loads(second.stdout)
    note = json.loads((tmp_path / "home" / "local.json").read_text())
    assert note.keys() >= {"endpoint", "pid", "region", "account", "started_at"}
    assert json.loads(command("status", *home).stdout) == note
    assert command("down", *home).stdout == "stopped\n"
    assert not processes.is_alive(note["pid"])
    assert not (tmp_path / "home" / "local.json").exists()
    assert command("status", *home).returncode == 1
    assert command("down", *home).stdout == "was not running\n"


def test_stop_leaves_no_process_of_any_kind(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        pids = hold_a_worker(Bench(aws))
        running = processes.of_home(aws.home)
        assert set(pids) <= set(running)
    assert processes.of_home(aws.home) == []
    assert not any(processes.is_alive(pid) for pid in [*pids, *running])


@pytest.mark.parametrize("victim", ["pid", "supervisor_pid"])
def test_killed_engine_takes_its_children_along_and_can_be_started_again(
    tmp_path: Path, victim: str
) -> None:
    with EmbeddedAws(tmp_path) as aws:
        pids = hold_a_worker(Bench(aws))
        note: dict[str, Any] = aws.note or {}
        os.kill(note[victim], signal.SIGKILL)
        eventually(lambda: processes.of_home(aws.home) == [])
        assert not any(processes.is_alive(pid) for pid in pids)
        assert aws.note is None
        assert aws.start()["pid"] != note["pid"]
        assert aws.client("s3").list_buckets()["Buckets"] == []


def test_two_run_side_by_side(aws: EmbeddedAws, tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as other:
        assert other.endpoint != aws.endpoint
        other.client("s3").create_bucket(Bucket="only-here")
        names = [b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]]
        assert "only-here" not in names
    assert aws.note is not None


def test_only_the_endpoint_listens_and_only_on_loopback(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        bench = Bench(aws)
        bench.invoke(bench.function("def handle(event, context): pass"))
        addresses = listening([*processes.of_home(aws.home)])
        ports = {port for _, port in addresses}
        assert {host for host, _ in addresses} == {"127.0.0.1"}
        assert int(aws.endpoint.rpartition(":")[2]) in ports
        # The other one is the Runtime API of the one function's worker.
        assert len(ports) == 2


def test_everything_is_written_below_the_home(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path / "home") as aws:
        bench = Bench(aws)
        where, _ = bench.invoke(
            bench.function("""
                import tempfile
                def handle(event, context):
                    return tempfile.gettempdir()
            """)
        )
        assert Path(where).is_relative_to(aws.home.tmp_path)
        for pid in processes.of_home(aws.home):
            opened = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
            files = [Path(name) for name in opened if name.startswith("/") and "/dev/" not in name]
            assert all(file.is_relative_to(tmp_path / "home") for file in files), files
        pool = aws.client("cognito-idp").create_user_pool(PoolName="keys")
        assert pool["UserPool"]["Id"]
        assert list(aws.home.state_path.rglob("*.pem")), "the engine keeps its keys elsewhere"


def test_failed_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "hypercorn.py").write_text("raise ImportError('no server here')")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(EngineFailedError, match="no server here"):
        EmbeddedAws(tmp_path / "home").start()
    assert processes.of_home(EmbeddedAws(tmp_path / "home").home) == []


def test_moved_symbol_is_refused_by_name() -> None:
    code = (
        "from local.shims import engine_module, replace; "
        "replace(engine_module('services.pipes'), '_gone', lambda original: original)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert "ministack 1.5.33 has no _gone in ministack.services.pipes" in ended.stderr


def test_concurrent_starts_make_one_engine(tmp_path: Path) -> None:
    notes: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: notes.append(EmbeddedAws(tmp_path).start()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    EmbeddedAws(tmp_path).stop()
    assert len({note["pid"] for note in notes}) == 1


def listening(pids: list[int]) -> set[tuple[str, int]]:
    """(host, port) of every TCP socket that these processes listen on."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(link.readlink()).removeprefix("socket:[").rstrip("]"))
            except FileNotFoundError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in inodes:
                host, port = columns[1].split(":")
                raw = bytes.fromhex(host)[::-1]
                found.add((".".join(map(str, raw)), int(port, 16)))
    return found
