"""A stop or a kill at a bad moment, and files that can't be read: a home can always be started."""

import contextlib
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from local import processes
from local.deploy import deploy
from local.embedded import EmbeddedAws, EngineRunsError
from local.home import Home
from local.shims import PINNED
from local.shims.kept_state import file
from tests.embedded.conftest import Bench, eventually, unique
from tests.embedded.test_deploy import Assembly
from tests.embedded.test_lifecycle import command, hold_a_worker

LARGE = b"large" * 10_000


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[EmbeddedAws]:
    """An engine of the test's own."""
    with EmbeddedAws(tmp_path / "home") as running:
        yield running


def kill(aws: EmbeddedAws) -> None:
    """As nobody stops an engine: it can't save."""
    os.kill((aws.note or {})["pid"], signal.SIGKILL)
    eventually(lambda: processes.of_home(aws.home) == [])


def buckets(aws: EmbeddedAws) -> list[str]:
    return [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]]


def saved(home: Home, *texts: str) -> bool:
    path = home.kept_path / "state"
    return path.exists() and all(text.encode() in path.read_bytes() for text in texts)


def test_after_a_kill_all_is_as_it_was_at_the_last_save(aws: EmbeddedAws) -> None:
    bench = Bench(aws)
    s3, sqs = bench.client("s3"), bench.client("sqs")
    url, _ = bench.queue(fifo=True)
    s3.put_object(Bucket=bench.bucket, Key="large", Body=LARGE)
    sqs.send_message(QueueUrl=url, MessageBody="sent-before", MessageGroupId="g")
    name = bench.function("def handle(event, context): return 'called'")
    eventually(lambda: saved(aws.home, "sent-before", name), 30)
    kill(aws)
    aws.start()
    assert s3.get_object(Bucket=bench.bucket, Key="large")["Body"].read() == LARGE
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "sent-before"
    assert bench.invoke(name) == ("called", None)


def test_a_file_that_is_not_needed_any_more_is_removed(aws: EmbeddedAws) -> None:
    bench = Bench(aws)
    s3, files = bench.client("s3"), aws.home.kept_path / "files"
    for body in (LARGE, LARGE + b"2"):
        s3.put_object(Bucket=bench.bucket, Key="k", Body=body)
    aws.stop()
    assert [path.stat().st_size for path in files.iterdir()] == [len(LARGE) + 1]
    aws.start()
    s3.delete_object(Bucket=bench.bucket, Key="k")
    aws.stop()
    assert list(files.iterdir()) == []


def test_a_stop_in_the_middle_of_calls_keeps_what_was_answered(aws: EmbeddedAws) -> None:
    bench = Bench(aws)
    url, _ = bench.queue()
    pids = hold_a_worker(bench)
    sent: list[str] = []

    def send() -> None:
        sqs = aws.client("sqs")
        with contextlib.suppress(BotoCoreError):  # the engine is gone
            while True:
                text = str(len(sent))
                sqs.send_message(QueueUrl=url, MessageBody=text)
                sent.append(text)

    thread = threading.Thread(target=send)
    thread.start()
    eventually(lambda: len(sent) > 50)
    aws.stop()
    thread.join()
    assert not any(processes.is_alive(pid) for pid in pids)
    aws.start()
    found: set[str] = set()
    while (
        messages := bench.client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        .get("Messages")
    ):
        found |= {message["Body"] for message in messages}
    # One more may have been taken and not answered.
    assert set(sent) <= found <= {*sent, str(len(sent))}


def flip(home: Home) -> None:
    path = home.kept_path / "state"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def cut(home: Home) -> None:
    path = home.kept_path / "state"
    path.write_bytes(path.read_bytes()[:-1])


def empty(home: Home) -> None:
    (home.kept_path / "state").write_bytes(b"")


def of_another_version(home: Home) -> None:
    path = home.kept_path / "state"
    path.write_bytes(path.read_bytes().replace(PINNED["ministack"].encode(), b"1.5.32", 1))


def without_a_file(home: Home) -> None:
    for path in (home.kept_path / "files").iterdir():
        path.unlink()


def with_code(home: Home) -> None:
    class Code:
        def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
            return os.system, (f"touch {home.path}/ran",)

    file.write(home, "http://127.0.0.1:54321", {"services": pickle.dumps(Code()), "s3": b""})


def with_a_state_of_another_kind(home: Home) -> None:
    with changed(home) as services:
        services["states"]["kms"] = pickle.dumps(7)


@contextlib.contextmanager
def changed(home: Home) -> Iterator[dict[str, Any]]:
    """What was kept of all services but S3, written again as the test leaves it."""
    kept = file.read(home)
    assert kept is not None
    services = pickle.loads(kept.parts["services"])  # noqa: S301 - our own
    yield services
    file.write(home, kept.endpoint, {**kept.parts, "services": pickle.dumps(services, 5)})


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (flip, "it is damaged: its checksum is another one"),
        (cut, "it is damaged: its checksum is another one"),
        (empty, "it is damaged: it has no first line of JSON"),
        (of_another_version, "it was kept for format 1 and {'ministack': '1.5.32'}"),
        (without_a_file, "is missing"),
        (with_code, "it holds posix.system, which is no plain data"),
        (with_a_state_of_another_kind, "'int' object has no attribute 'get'"),
    ],
)
def test_what_cannot_be_read_is_set_aside(
    aws: EmbeddedAws,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Home], None],
    why: str,
) -> None:
    bench = Bench(aws)
    bench.client("s3").put_object(Bucket=bench.bucket, Key="large", Body=LARGE)
    aws.stop()
    damage(aws.home)
    left = (aws.home.kept_path / "state").read_bytes()

    note = aws.start()

    told = capsys.readouterr().err
    assert told == note["warning"] + "\n"
    assert why in told
    assert "set aside as kept.unreadable" in told
    assert told.rstrip() in aws.home.log_path.read_text()
    assert buckets(aws) == []
    assert (aws.home.set_aside_path / "state").read_bytes() == left
    assert not (aws.home.path / "ran").exists()
    # And from here on as ever.
    aws.client("s3").create_bucket(Bucket=(name := unique("bucket")))
    aws.stop()
    assert "warning" not in aws.start()
    assert buckets(aws) == [name]


def test_another_port_is_taken_where_the_last_one_is_in_use(aws: EmbeddedAws) -> None:
    bench = Bench(aws)
    url, _ = bench.queue()
    bench.client("sqs").send_message(QueueUrl=url, MessageBody="kept")
    bench.client("s3").put_object(Bucket=bench.bucket, Key="url", Body=url.encode())
    before = aws.endpoint
    aws.stop()
    with socket.create_server(("127.0.0.1", int(before.rpartition(":")[2]))):
        aws.start()
    assert aws.endpoint != before
    sqs = aws.client("sqs")
    now = sqs.get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]
    assert now == url.replace(before, aws.endpoint)
    assert sqs.receive_message(QueueUrl=now)["Messages"][0]["Body"] == "kept"
    found = aws.client("s3").get_object(Bucket=bench.bucket, Key="url")["Body"].read()
    assert found == url.encode(), "a file is never changed"


def test_the_same_port_is_taken_again(aws: EmbeddedAws) -> None:
    before = aws.endpoint
    aws.stop()
    aws.start()
    assert aws.endpoint == before


def test_a_deploy_that_a_kill_broke_off_can_be_done_again(aws: EmbeddedAws, tmp_path: Path) -> None:
    (tmp_path / "assembly").mkdir()
    assembly = Assembly(tmp_path / "assembly", unique("Stack"))
    assembly.add_function("Work", "def handle(event, context): return 1")
    outputs = deploy(assembly.write(), assembly.stack, aws)
    stacks = aws.client("cloudformation")
    # What a kill leaves in the middle of an update, or of the first deploy.
    for status in ("UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS"):
        aws.stop()
        with changed(aws.home) as services:
            for each in services["stores"]["cloudformation"]["_stacks"].values():
                each["StackStatus"] = status
        aws.start()
        (found,) = stacks.describe_stacks(StackName=assembly.stack)["Stacks"]
        assert (
            found["StackStatus"]
            == {
                "UPDATE_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
                "CREATE_IN_PROGRESS": "ROLLBACK_COMPLETE",
            }[status]
        )
        again = deploy(assembly.write(), assembly.stack, aws)
        assert again.keys() == outputs.keys()
        assert Bench(aws).invoke(again["WorkName"]) == (1, None)


def test_forget_starts_afresh(aws: EmbeddedAws) -> None:
    home = ("--home", str(aws.home.path))
    aws.client("s3").create_bucket(Bucket=(name := unique("bucket")))
    with pytest.raises(EngineRunsError, match="stop it first"):
        aws.forget()
    assert command("down", *home).stdout == "stopped\n"
    assert command("up", *home).stderr == ""
    assert buckets(aws) == [name]
    told = command("down", "--forget", *home).stdout
    assert told == f"stopped\nremoved what was kept in {aws.home.path}\n"
    assert not aws.home.kept_path.exists()
    command("up", *home)
    assert buckets(aws) == []
