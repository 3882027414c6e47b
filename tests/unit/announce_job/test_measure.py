"""Each change of a job is measured once it is announced; its cost whenever that changes."""

import io
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from functions.announce_job import handler
from functions.shared.cost import Buying, cost_of
from functions.shared.jobs_table import JobError
from tests.metric_lines import metrics_in
from tests.unit.announce_job.conftest import Newsroom
from tests.unit.conftest import NOW, arn

BROKEN = JobError("PartMissing", "A part is not there.", "Render Chunks", 3)
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(news: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Has what is new in the stream announced, and reads the log."""
    said = io.StringIO()
    log = Logger(service=uuid.uuid4().hex, stream=said)
    monkeypatch.setenv("EVENT_BUS", "bus")
    monkeypatch.setenv("WEBHOOKS_URL", news.outbox.url)
    monkeypatch.setenv("METRICS_STACK", "Reelwright")
    monkeypatch.setattr(handler, "events", lambda: news.events)
    monkeypatch.setattr(handler, "sqs", lambda: news.outbox.sqs)
    monkeypatch.setattr(handler, "media_store", lambda: news.store)
    monkeypatch.setattr(handler, "Bus", lambda *_: news.bus)
    monkeypatch.setattr(handler, "logger", lambda: log)

    def announce() -> list[dict[str, Any]]:
        said.truncate(said.seek(0))
        handler.handle({"Records": news.records()}, SimpleNamespace(aws_request_id="request-1"))
        return [json.loads(line) for line in said.getvalue().splitlines()]

    return announce


def measured(lines: list[dict[str, Any]]) -> list[dict[str, float]]:
    return [found for line in lines if (found := metrics_in(line))]


def test_a_job_that_starts_says_how_long_it_waited_and_one_that_is_done_what_it_made(
    news: Newsroom, lines: Lines
) -> None:
    later = NOW + timedelta(seconds=90)
    news.desk.wait("a")
    news.desk.grant()
    news.desk.jobs.start("a", arn("a"), 1, later)
    assert measured(lines()) == [{"WaitSeconds": 90.0}]
    picture = {
        "name": "x", "key": "x", "width": 16, "height": 16, "size_bytes": 1, "time_s": 0.0,
    }  # fmt: skip
    result = {"outputs": [], "snapshots": [picture] * 3, "notes": []}
    news.store.write_json("jobs/a/result.json", result)
    cost = cost_of([], Buying("STANDARD", 7))
    end = later + timedelta(seconds=8)
    assert news.desk.jobs.complete("a", arn("a"), "jobs/a/result.json", end, cost)
    assert measured(lines()) == [
        {"Failed": 0, "RenderSeconds": 8.0, "Snapshots": 3},
        {"CostUsd": float(cost.usd)},
    ]


def test_a_failure_is_measured_beside_its_job_execution_error_and_chunk(
    news: Newsroom, lines: Lines
) -> None:
    news.desk.run("a")
    lines()
    news.desk.jobs.fail("a", arn("a"), BROKEN, NOW)
    (line,) = (one for one in lines() if metrics_in(one))
    assert metrics_in(line) == {"Failed": 1}
    asked = ("job_id", "execution_arn", "error_name", "error_state", "chunk")
    assert tuple(line[name] for name in asked) == (
        "a", arn("a"), "PartMissing", "Render Chunks", 3,
    )  # fmt: skip


def test_what_a_job_cost_is_counted_once_over_all_its_attempts(
    news: Newsroom, lines: Lines
) -> None:
    cost = cost_of([], Buying("STANDARD", 7))
    news.desk.run("a")
    news.desk.jobs.fail("a", arn("a"), BROKEN, NOW)
    news.desk.jobs.note_cost("a", arn("a"), cost)
    news.desk.jobs.claim("a", arn("b"), NOW, reopen=True)
    news.desk.jobs.fail("a", arn("b"), BROKEN, NOW)
    news.desk.jobs.note_cost("a", arn("b"), cost)
    spent = [found["CostUsd"] for found in measured(lines()) if "CostUsd" in found]
    assert len(spent) == 3
    assert sum(spent) == pytest.approx(float(cost.usd))


def test_a_bill_behind_a_change_that_is_tried_again_is_not_counted_yet(
    news: Newsroom, lines: Lines
) -> None:
    news.desk.queue("first")
    news.desk.run("a")
    news.desk.jobs.fail("a", arn("a"), BROKEN, NOW)
    news.desk.jobs.note_cost("a", arn("a"), cost_of([], Buying("STANDARD", 7)))
    news.events.refusing = {call: {"Job Failed"} for call in range(9)}
    assert measured(lines()) == [{"WaitSeconds": 0.0}]
