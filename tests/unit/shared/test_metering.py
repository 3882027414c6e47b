"""However a worker's call ends, its receipt lies where the bill is made from."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from functions.shared import metering
from functions.shared.errors import JobEnded
from functions.shared.media_store import MediaStore
from functions.shared.meter import METER, Used
from functions.shared.receipts import Receipt, leave, receipts_of

EVENT = {"job_id": "j"}


def context(left_ms: int = 60_000) -> Any:
    return SimpleNamespace(aws_request_id="r-1", get_remaining_time_in_millis=lambda: left_ms)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, store: MediaStore) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")
    monkeypatch.setenv("STORAGE_MB", "2048")
    monkeypatch.setattr(metering, "media_store", lambda: store)
    METER.begin()


def worker(end: Exception | None = None) -> Any:
    def handle(event: Any, _context: Any) -> str:
        METER.add(s3_puts=2, read_units=0.5)
        if end:
            raise end
        return str(event["job_id"])

    handle.__module__ = "functions.render_chunk.handler"
    return metering.metered(handle)


def test_a_receipt_says_what_was_used(store: MediaStore) -> None:
    assert worker()(EVENT, context()) == "j"
    [receipt], is_whole = receipts_of(store, "j")
    assert is_whole
    assert (receipt.function, receipt.memory_mb, receipt.storage_mb) == ("render_chunk", 3008, 2048)
    assert receipt.used == Used(s3_puts=3, read_units=0.5)  # with its own request


def test_a_call_that_fails_costs_as_well(store: MediaStore) -> None:
    with pytest.raises(JobEnded):
        worker(JobEnded("It ended."))(EVENT, context())
    assert len(receipts_of(store, "j")[0]) == 1


def test_a_receipt_that_cant_be_written_spoils_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_store() -> MediaStore:
        raise EndpointConnectionError(endpoint_url="https://s3")

    monkeypatch.setattr(metering, "media_store", no_store)
    assert worker()(EVENT, context()) == "j"


def test_a_call_without_time_left_answers_first(store: MediaStore) -> None:
    assert worker()(EVENT, context(left_ms=1500)) == "j"
    assert receipts_of(store, "j") == ([], True)


def test_a_receipt_is_read_as_it_was_written(store: MediaStore) -> None:
    used = Used(1, 2, 3, 4, 5.5, 6.0)
    receipt = Receipt("take_snapshots", "arm64", 1234, 1769, 1024, used)
    leave(store, "j", "0f-1", receipt)
    leave(store, "j", "0f-2", receipt)
    leave(store, "another", "0f-1", receipt)
    assert receipts_of(store, "j") == ([receipt, receipt], True)


def test_a_receipt_of_another_version_is_told_of(store: MediaStore) -> None:
    store.write("parts/j/receipts/render_chunk/r/what-is-this", b"", "text/plain")
    assert receipts_of(store, "j") == ([], False)
