"""What of a call X-Ray's daemon is told, and when it isn't."""

import json
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from functions.shared.runtime import logged, logger, sqs
from functions.shared.trace import annotate

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
HEADER = f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=25:a87bd80c:1"
ABOUT = {"job_id": "a", "execution_arn": "arn", "index": 7}
CONTEXT = SimpleNamespace(aws_request_id="request-1")


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(2)
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)
        monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
        yield listening


@pytest.mark.aws("traces")
def test_a_call_is_noted_below_its_function_with_what_it_is_about(daemon: socket.socket) -> None:
    @logged
    def handle(event: dict[str, object], context: object) -> None:  # noqa: ARG001 - as Lambda calls
        logger().append_keys(batch=3)

    handle({**ABOUT, "token": "secret"}, CONTEXT)
    head, said = daemon.recv(65_536).decode().split("\n")
    assert json.loads(head) == {"format": "json", "version": 1}
    span = json.loads(said)
    assert (span["trace_id"], span["parent_id"], span["type"]) == (ROOT, PARENT, "subsegment")
    assert span["annotations"] == {**ABOUT, "batch": 3}
    assert len(span["id"]) == 16
    assert 0 <= span["end_time"] - span["start_time"] < 5


def test_a_call_that_fails_is_noted_with_its_error(daemon: socket.socket) -> None:
    @logged
    def handle(event: dict[str, object], context: object) -> None:  # noqa: ARG001 - as Lambda calls
        raise RuntimeError

    with pytest.raises(RuntimeError):
        handle(ABOUT, CONTEXT)
    span = json.loads(daemon.recv(65_536).decode().split("\n")[1])
    assert span["annotations"] == {**ABOUT, "error_name": "RuntimeError"}


@pytest.mark.parametrize(
    "header",
    ["", f"Root={ROOT};Sampled=1", HEADER.replace("Sampled=1", "Sampled=0")],
    ids=["untraced", "without a parent", "not sampled"],
)
def test_a_call_that_is_not_traced_is_not_noted(
    daemon: socket.socket, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    annotate(1.0, 2.0, ABOUT)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    annotate(1.0, 2.0, {"job_id": "next"})
    assert json.loads(daemon.recv(65_536).decode().split("\n")[1])["annotations"] == {
        "job_id": "next"
    }


def test_a_daemon_that_is_not_there_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:0")
    annotate(1.0, 2.0, ABOUT)


@pytest.mark.aws("traces")
def test_a_message_carries_the_trace_of_the_call_that_sends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SQS keeps the header as the message's AWSTraceHeader."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "api")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER)
    sent: list[Any] = []

    def stop(request: Any, **_: Any) -> None:
        sent.append(request.headers["X-Amzn-Trace-Id"])
        raise ConnectionError

    sqs.cache_clear()
    client = sqs()
    client.meta.events.register("before-send.sqs.SendMessage", stop)
    with pytest.raises(ConnectionError):
        client.send_message(QueueUrl="https://sqs.us-east-1.amazonaws.com/1/q", MessageBody="{}")
    sqs.cache_clear()
    assert sent[0] in (HEADER, HEADER.encode())
