"""What a job cost is in its record, however it ended."""

from datetime import timedelta
from decimal import Decimal

from functions.finish_job.costing import note_cost
from functions.shared.cost import NOT_ALL, Buying, cost_of
from functions.shared.jobs_table import JobsTable
from functions.shared.media_store import MediaStore
from functions.shared.meter import Used
from functions.shared.receipts import Receipt, leave
from tests.unit.conftest import NOW
from tests.unit.finish_job.endings import ARN, KEYS, changed, ended, finish, publish, row

BUYING = Buying("STANDARD", 7)
CHUNK = Receipt("render_chunk", "arm64", 10_000, 3008, 2048, Used(s3_puts=2))
FAILED = ended(failure={"state": "Render Media", "error": "ChunkIncomplete"})


def test_a_complete_job_costs_what_its_result_says(running: JobsTable, store: MediaStore) -> None:
    publish(store)
    cost = cost_of([CHUNK], BUYING, kept_bytes=10**9)
    result = {**store.read_json(KEYS.result), "cost": cost.model_dump(mode="json")}
    store.write_json(KEYS.result, result)
    finish(ended("COMPLETE", result_key=KEYS.result), running, store, NOW)
    told = row(running)
    assert told["cost_usd"] == cost.usd
    assert told["cost"] == cost.as_item()
    assert result["cost"]["usd"] == float(told["cost_usd"])


def test_a_failed_job_costs_what_its_calls_used(running: JobsTable, store: MediaStore) -> None:
    leave(store, "a", "r1", CHUNK)
    leave(store, "a", "r2", CHUNK)
    finish(FAILED, running, store, NOW)
    note_cost("a", ARN, running, store, BUYING)
    told = row(running)
    assert told["cost_usd"] == cost_of([CHUNK, CHUNK], BUYING).usd > Decimal("0.0008")
    assert "cut off" in told["cost"]["note"]


def test_a_cost_is_noted_once_and_of_the_jobs_own_execution(
    running: JobsTable, store: MediaStore
) -> None:
    finish(FAILED, running, store, NOW)
    note_cost("a", "arn:another", running, store, BUYING)
    assert "cost" not in row(running)
    note_cost("a", ARN, running, store, BUYING)
    first = row(running)
    leave(store, "a", "r1", CHUNK)
    note_cost("a", ARN, running, store, BUYING)
    assert row(running) == first


def test_a_job_that_runs_again_has_no_cost_yet(running: JobsTable, store: MediaStore) -> None:
    finish(FAILED, running, store, NOW)
    note_cost("a", ARN, running, store, BUYING)
    assert running.claim("a", "arn:again", NOW + timedelta(minutes=1), reopen=True)
    assert row(running).keys().isdisjoint({"cost", "cost_usd"})
    note_cost("a", ARN, running, store, BUYING)  # late word of the first
    assert "cost" not in row(running)


def test_a_receipt_that_cant_be_read_is_told_of(running: JobsTable, store: MediaStore) -> None:
    store.write(f"{KEYS.receipts}render_chunk/r/old", b"", "text/plain")
    finish(changed("ABORTED"), running, store, NOW)
    note_cost("a", ARN, running, store, BUYING)
    assert row(running)["cost"]["note"].endswith(NOT_ALL)


def test_an_end_stands_where_its_cost_can_not_be_read(
    running: JobsTable, store: MediaStore
) -> None:
    finish(FAILED, running, store, NOW)
    before = row(running)
    store.s3.delete_bucket(Bucket=store.bucket)
    note_cost("a", ARN, running, store, BUYING)
    assert row(running) == before
