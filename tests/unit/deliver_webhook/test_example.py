"""The receiver of the documentation believes what the product sends, and nothing else."""

import base64
import importlib.util
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from functions.deliver_webhook.post import post
from functions.deliver_webhook.signing import signed_headers
from functions.shared.web import Web
from tests.unit.deliver_webhook.conftest import NAME

FILE = Path(__file__).parents[3] / "examples" / "webhook_receiver.py"
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = '{"type":"job.completed","data":{"job_id":"a"}}'


@pytest.fixture
def taken() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def url(authority: trustme.CA, tmp_path: Path, taken: list[tuple[str, Any]]) -> Iterator[str]:
    spec = importlib.util.spec_from_file_location("webhook_receiver", FILE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    certificate = tmp_path / "host.pem"
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    server = example.make_server(SECRET, lambda *told: taken.append(told), 0, str(certificate))
    server.RequestHandlerClass.log_message = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://{NAME}:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def sent(web: Web, url: str, body: str = BODY, secret: str = SECRET, age_s: float = 0) -> int:
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    headers = signed_headers([secret], "evt_1", BODY, at)
    return post(web, url, headers, body.encode()).status


def test_it_takes_a_signed_webhook_once(web: Web, url: str, taken: list[tuple[str, Any]]) -> None:
    assert [sent(web, url), sent(web, url)] == [204, 204]
    assert taken == [("evt_1", {"type": "job.completed", "data": {"job_id": "a"}})]


@pytest.mark.parametrize(
    "forged",
    [
        {"body": BODY.replace("completed", "failed")},
        {"secret": "whsec_" + base64.b64encode(b"x" * 32).decode()},
        {"age_s": 600},
    ],
    ids=["another body", "another secret", "an old one"],
)
def test_it_takes_nothing_forged(
    web: Web, url: str, taken: list[tuple[str, Any]], forged: dict[str, Any]
) -> None:
    assert sent(web, url, **forged) == 401
    assert taken == []


@pytest.mark.parametrize("signature", ["", "v1", "v1,not base64!", "v2,abc", ","])
def test_it_takes_no_malformed_signature(
    web: Web, url: str, taken: list[tuple[str, Any]], signature: str
) -> None:
    headers = signed_headers([SECRET], "evt_1", BODY, datetime.now(UTC))
    told = headers | {"webhook-signature": signature}
    assert post(web, url, told, BODY.encode()).status == 401
    assert taken == []


def test_it_reads_no_more_than_it_says(web: Web, url: str) -> None:
    assert post(web, url, {}, b"x" * 1_048_577).status == 413
