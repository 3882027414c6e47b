"""What the reconciler's line says of turns, each minute."""

import io
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from functions.reconcile_jobs import handler
from functions.reconcile_jobs.reconcile import World, reconcile
from tests.metric_lines import metrics_in
from tests.unit.conftest import CEILING, NOW, Desk

LATER = timedelta(minutes=7)


def test_turns_are_counted_and_the_oldest_that_renders_is_told(desk: Desk) -> None:
    desk.run("old")
    desk.run("new", NOW + LATER)
    desk.queue("queued", NOW - LATER)
    desk.wait("waiting", NOW - LATER)
    world = World(desk.jobs, desk.executions, desk.answers, CEILING, LATER * 9)
    seen = reconcile(world, NOW + 2 * LATER)
    assert (seen.waiting, seen.rendering, seen.longest_s) == (2, 2, 2 * 420.0)


def test_without_jobs_the_line_says_nought_of_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute without a line would look like a reconciler that does not run."""
    said = io.StringIO()
    log = Logger(service=uuid.uuid4().hex, stream=said)
    for name, value in {"MAX_ACTIVE_JOBS": "2", "NEVER_STARTED_AFTER_S": "60"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JOB_TIMEOUT_S", "60")
    monkeypatch.setenv("DEAD_LETTERS_URL", "")
    monkeypatch.setenv("METRICS_STACK", "Reelwright")
    monkeypatch.setattr(handler, "jobs_table", lambda: desk.jobs)
    monkeypatch.setattr(handler, "executions", lambda: desk.executions)
    monkeypatch.setattr(handler, "answers", lambda: desk.answers)
    monkeypatch.setattr(handler, "readable_buckets", tuple)
    monkeypatch.setattr(handler, "sqs", lambda: None)
    monkeypatch.setattr(handler, "logger", lambda: log)
    monkeypatch.setattr(handler, "DeadLetters", _NoLetters)
    context = SimpleNamespace(
        aws_request_id="request-1", get_remaining_time_in_millis=lambda: 30_000
    )
    handler.handle({}, context)
    (line,) = (json.loads(one) for one in said.getvalue().splitlines())
    nought = {"Mended": 0, "JobsWaiting": 0, "JobsRendering": 0, "LongestTurnSeconds": 0.0}
    assert metrics_in(line) == nought


class _NoLetters:
    def __init__(self, *_: Any) -> None: ...

    @contextmanager
    def held(self) -> Iterator[list[Any]]:
        yield []
