"""What Lambda is told of a batch of the stream."""

import io
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from functions.announce_job import handler
from functions.shared.errors import TransientError
from tests.unit.announce_job.conftest import Newsroom

CONTEXT = SimpleNamespace(aws_request_id="request-1")


@pytest.fixture
def handle(news: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("EVENT_BUS", "bus")
    monkeypatch.setenv("WEBHOOKS_URL", news.outbox.url)
    monkeypatch.setattr(handler, "events", lambda: news.events)
    monkeypatch.setattr(handler, "sqs", lambda: news.outbox.sqs)
    monkeypatch.setattr(handler, "media_store", lambda: news.store)
    monkeypatch.setattr(handler, "Bus", lambda *_: news.bus)
    return lambda records: handler.handle({"Records": records}, CONTEXT)


def test_a_batch_that_was_told_is_done(news: Newsroom, handle: Any) -> None:
    news.desk.run("a")
    assert handle(news.records()) == {"batchItemFailures": []}
    assert news.events.kinds == ["Queued", "Waiting", "Started"]


def test_a_failure_is_reported_so_that_the_batch_goes_on_from_there(
    news: Newsroom, handle: Any
) -> None:
    news.desk.run("a")
    records = news.records()
    news.events.refusing = {call: {"Job Waiting"} for call in range(9)}
    second = records[1]["dynamodb"]["SequenceNumber"]
    assert handle(records) == {"batchItemFailures": [{"itemIdentifier": second}]}


def test_a_failure_of_the_first_raises_so_that_the_batch_is_halved(
    news: Newsroom, handle: Any
) -> None:
    news.desk.run("a")
    records = news.records()
    news.events.refusing = {call: {"Job Queued"} for call in range(9)}
    with pytest.raises(TransientError, match="of job a was not announced"):
        handle(records)


@pytest.mark.aws("ddb-stream")
def test_a_crash_after_the_events_were_sent_repeats_them_with_their_ids(
    news: Newsroom, handle: Any
) -> None:
    """Lambda calls again with the batch it had no answer to."""
    news.desk.run("a")
    records = news.records()
    for _ in range(2):
        handle(records)
    first, again = news.events.ids[:3], news.events.ids[3:]
    assert first == again


def test_the_log_names_the_event_and_no_secret(
    news: Newsroom, handle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    log = Logger(service=uuid.uuid4().hex, stream=said)
    monkeypatch.setattr(handler, "logger", lambda: log)
    hook = "https://example.com/s3cret"
    news.desk.queue("a", notify={"webhook_url": hook, "webhook_secret": "whsec_" + "s3cret00" * 5})
    handle(news.records())
    assert news.events.ids[0] in said.getvalue()
    assert "s3cret" not in said.getvalue()
