"""Costs follow from counts and prices."""

from dataclasses import replace

import pytest

from benchmarks.load.cost_page import page
from benchmarks.load.costs import (
    LOOK_S,
    Counts,
    machinery,
    polling_an_hour,
    scan_units,
    waiting_an_hour,
    waiting_once,
)
from functions.shared import prices
from functions.shared.bill import Items

READ = {"function": "RequestTurn", "what": "get job", "requests": 3, "refused": 0, "units": 3}
TOLD = {
    "figures": {"transitions": {"p50": 14}},
    "dynamodb": {
        "a_job": {
            "with an order key": {
                "writes": [
                    {"function": "RequestTurn", "requests": 1, "refused": 0, "units": 1},
                    {"function": "ClaimJob", "requests": 2, "refused": 1, "units": 12},
                ],
                "reads": [READ, {**READ, "function": "ClaimJob", "units": 2}],
            },
            "granting": {
                "writes": [{"function": "FinishJob", "requests": 3, "refused": 2, "units": 12}],
                "reads": [
                    {"function": "RequestTurn", "what": "scan turns", "requests": 1, "units": 9},
                    {"function": "FinishJob", "what": "scan turns", "requests": 2, "units": 18},
                    {"function": "FinishJob", "what": "get count", "requests": 4, "units": 4},
                ],
            },
        },
        "turn_bytes": 500,
        "reconciler": {
            "turns_looked_at": 50,
            "reads": [
                {"what": "scan turns", "units": 20},
                {"what": "get job", "units": 50},
                {"what": "get turn", "units": 5},
            ],
        },
    },
}


ROW = {
    "job": "one output",
    "items": dict.fromkeys(Items.model_fields, 0.001),
    "usd": 0.008,
    "usd_per_output_minute": 0.036923,
    "apart": -0.021,
}


@pytest.fixture
def counts() -> Counts:
    return Counts.read(TOLD)


def test_counts_are_read_from_what_a_load_wrote(counts: Counts) -> None:
    assert counts == Counts(
        transitions=14,
        own_writes=13,
        asking_writes=1,
        own_reads=5,
        asking_reads=3,
        grant_writes=12,
        refused_writes=14,
        grant_reads=4,
        scans=3,
        turn_bytes=500,
        look_reads=1.1,
    )


@pytest.mark.parametrize(("turns", "units"), [(0, 1), (8, 1), (9, 2), (1000, 123)])
def test_reading_all_turns_costs_by_their_bytes(counts: Counts, turns: int, units: int) -> None:
    assert scan_units(turns, counts) == units


def test_taking_a_place_grows_with_the_queue_by_its_scans_alone(counts: Counts) -> None:
    more = waiting_once(counts, 1000) - waiting_once(counts, 8)
    assert more == pytest.approx(3 * (123 - 1) * float(prices.DYNAMODB_READ.each))


def test_waiting_costs_the_reconcilers_look_each_minute(counts: Counts) -> None:
    scans = 2 * 2 / 10
    reads = (1.1 + scans) * float(prices.DYNAMODB_READ.each)
    compute = LOOK_S * 0.5 * float(prices.LAMBDA_GB_SECOND["arm64"].each)
    assert waiting_an_hour(counts, 10) == pytest.approx(60 * (reads + compute))
    assert waiting_an_hour(counts, 10) < polling_an_hour() / 100


def test_a_job_costs_its_transitions_first(counts: Counts) -> None:
    parts = machinery(counts, 8)
    assert parts["Step Functions, state transitions"] == pytest.approx(14 * 0.000025)
    assert parts["DynamoDB"] == pytest.approx(25 * 0.625e-6 + 12 * 0.125e-6)
    dearer = machinery(replace(counts, transitions=15), 8)
    assert sum(dearer.values()) - sum(parts.values()) == pytest.approx(0.000025)


def test_the_page_tells_every_price_with_the_page_it_is_from(counts: Counts) -> None:
    text = "\n".join(page(counts, [ROW]))
    for price in prices.ALL:
        assert f"{price.unit} | <{price.page}> |" in text
    assert "| `usd` | 0.008000 |" in text
    assert "| a minute of output | 0.036923 |" in text
    assert f"| 1,000 | {waiting_once(counts, 1000):.6f} |" in text
