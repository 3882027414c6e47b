"""One POST: what is sent, what is taken for an answer, and how long anyone may hold it up."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from functions.deliver_webhook import post as posting
from functions.deliver_webhook.post import Answer, Unanswered, post
from functions.shared.errors import TransientError
from functions.shared.web import AddressNotAllowed, Web
from tests.unit.deliver_webhook.conftest import NAME, Receiver, Speak, Stopwatch

BODY = b'{"type":"job.completed"}'
HEADERS = {"webhook-id": "evt_1", "webhook-signature": "v1,x v1,y"}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.5)


def raw(*pieces: bytes, every_s: float = 0, times: int = 1) -> Speak:
    """Sends these bytes as they are, over and over."""
    stop = threading.Event()

    def speak(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        for _ in range(times):
            for piece in pieces:
                request.wfile.write(piece)
                request.wfile.flush()
                stop.wait(every_s)

    return speak


def test_the_body_arrives_to_the_byte_with_its_headers(web: Web, receiver: Receiver) -> None:
    answer = post(web, receiver.url + "/ö?key=a%20b", HEADERS, BODY)
    (got,) = receiver.requests
    assert (answer, got.body, got.path) == (Answer(204, None), BODY, "/hook/%C3%B6?key=a%20b")
    assert got.headers["host"] == f"{NAME}:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert {name: got.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("status", [200, 301, 400, 404, 410, 500])
def test_any_status_is_an_answer_and_no_redirect_is_followed(
    web: Web, receiver: Receiver, status: int
) -> None:
    receiver.answers.append((status, {"location": "/elsewhere", "retry-after": "7"}))
    assert post(web, receiver.url, HEADERS, BODY) == Answer(status, "7")
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_an_early_word_is_not_the_answer(web: Web, speaking: Callable[[Speak], int]) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    port = speaking(raw(hints, b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"))
    assert post(web, f"https://{NAME}:{port}/", {}, BODY).status == 202


def test_the_answers_body_is_not_read(web: Web, speaking: Callable[[Speak], int]) -> None:
    endless = raw(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000_000, every_s=0.05, times=1000)
    watch = Stopwatch()
    assert post(web, f"https://{NAME}:{speaking(endless)}/", {}, BODY).status == 200
    assert watch.seconds < 5


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "speak",
    [
        raw(b"", every_s=30),
        raw(b"HTTP/1.1 200 OK\r\n", every_s=30),
        # Each byte comes well within any timeout between bytes.
        raw(b"HTTP/1.1 200 OK\r\n", *[b"a"] * 200, every_s=0.05),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n", every_s=0.05, times=200),
    ],
    ids=["silent", "half a head", "a byte at a time", "early words without end"],
)
def test_nobody_holds_an_attempt_longer_than_its_time(
    web: Web, speaking: Callable[[Speak], int], speak: Speak
) -> None:
    port = speaking(speak)
    watch = Stopwatch()
    with pytest.raises(Unanswered, match="did not answer within"):
        post(web, f"https://{NAME}:{port}/", {}, BODY)
    assert watch.seconds < 2


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port that takes connections and never speaks TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.usefixtures("short")
def test_a_handshake_that_never_ends_is_ended(web: Web, deaf: int) -> None:
    watch = Stopwatch()
    with pytest.raises(Unanswered, match="did not answer within"):
        post(web, f"https://{NAME}:{deaf}/", {}, BODY)
    assert watch.seconds < 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 fine\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\n", "Talking to"),
    ],
)
def test_what_is_no_answer_in_http(
    web: Web, speaking: Callable[[Speak], int], said: bytes, why: str
) -> None:
    with pytest.raises(Unanswered, match=why):
        post(web, f"https://{NAME}:{speaking(raw(said))}/", {}, BODY)


def test_a_certificate_for_another_name_is_no_receiver(web: Web, receiver: Receiver) -> None:
    with pytest.raises(Unanswered, match="certificate"):
        post(web, f"https://other.test:{receiver.port}/", {}, BODY)
    assert receiver.requests == []


def test_nobody_listening(web: Web) -> None:
    with pytest.raises(Unanswered, match="Talking to"):
        post(web, f"https://{NAME}:1/", {}, BODY)


def test_proxies_of_the_environment_are_not_asked(
    web: Web, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(web, receiver.url, HEADERS, BODY).status == 204


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1", "[::1]"])
def test_no_way_to_write_loopback_leads_there(receiver: Receiver, host: str) -> None:
    with pytest.raises(AddressNotAllowed, match="not public"):
        post(Web(), f"https://{host}:{receiver.port}/", {}, BODY)
    assert receiver.requests == []


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(
    web: Web, receiver: Receiver
) -> None:
    """A name that answers another address the second time it is asked gains nothing."""
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    checked: list[str] = []
    turning = replace(web, resolve=resolve, is_public=lambda a: not checked.append(a))
    assert post(turning, receiver.url, HEADERS, BODY).status == 204
    assert (asked, checked) == ([NAME], ["127.0.0.1"])


def test_a_name_that_cannot_be_resolved_now_is_worth_another_attempt(web: Web) -> None:
    def busy(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    with pytest.raises(TransientError), contextlib.nullcontext():
        post(replace(web, resolve=busy), f"https://{NAME}/", {}, BODY)
