"""What a configuration asks of an account, and what is said of it."""

from typing import Any

import pytest

from reelwright.quotas import (
    HEADROOM,
    KEYS,
    MAP_RUNS,
    MESSAGES,
    STARTS,
    TRANSITIONS,
    Finding,
    Limits,
    Settings,
    allowed,
    judge,
)


def found(settings: Settings, limits: Limits, what: str = "Lambda: functions") -> Finding:
    (one,) = [each for each in judge(settings, limits) if each.what.startswith(what)]
    return one


def account(concurrent: int, unreserved: int | None = None, **more: Any) -> Limits:
    return Limits(concurrent, concurrent if unreserved is None else unreserved, **more)


@pytest.mark.parametrize("concurrency", [6, 10, 50, 100, 1000, 5000])
@pytest.mark.parametrize("parallel", [1, 5, 100, 10_000])
def test_what_is_allowed_leaves_room_for_the_other_functions(
    concurrency: int, parallel: int
) -> None:
    jobs, chunks = allowed(concurrency, parallel)

    assert jobs >= 1
    assert 1 <= chunks <= parallel
    assert jobs * chunks <= concurrency - HEADROOM
    assert (jobs + 1) * chunks > concurrency - HEADROOM
    said = found(Settings(jobs, chunks), account(concurrency))
    assert (said.state, said.says[:6]) == ("ok", "leaves")


@pytest.mark.parametrize(
    ("jobs", "parallel", "concurrent", "state", "fix"),
    [
        (10, 100, 10, "narrower", "-c max_active_jobs=1 -c max_parallel=5"),
        (1, 5, 10, "ok", "leaves 5 for other functions"),
        (1, 6, 10, "narrower", "-c max_active_jobs=1 -c max_parallel=5"),
        (3, 10, 10, "narrower", "-c max_active_jobs=1 -c max_parallel=5"),
        (31, 1, 10, "narrower", "-c max_active_jobs=5 -c max_parallel=1"),
        (10, 100, 1000, "narrower", "-c max_active_jobs=9 -c max_parallel=100"),
        (10, 100, 2000, "ok", "leaves 1,000"),
        (10, 100, 4, "narrower", "-c max_active_jobs=1 -c max_parallel=1"),
        (1, 1, 5, "narrower", "max_active_jobs × max_parallel may be 1"),
        (1, 1, 1, "refused", "request-service-quota-increase"),
        (1, 1, 0, "refused", "request-service-quota-increase"),
    ],
)
def test_a_width_is_judged_by_the_room_there_is(
    jobs: int, parallel: int, concurrent: int, state: str, fix: str
) -> None:
    said = found(Settings(jobs, parallel), account(concurrent))

    assert said.state == state
    assert fix in said.says


def test_what_is_allowed_is_said_and_what_a_crowd_may_cost() -> None:
    little, much = (found(Settings(jobs, 10), account(10)).says for jobs in (3, 4))
    assert little.startswith("max_active_jobs × max_parallel may be 5, and chunks above it wait")
    assert "dead-letter" not in little
    assert "dead-letter" in much


def test_what_other_functions_reserve_is_no_room() -> None:
    said = found(Settings(1, 50), account(1000, 100))
    assert (said.state, said.allows) == ("ok", "100 of 1,000")
    assert found(Settings(1, 350), account(1000, 100)).state == "narrower"
    assert found(Settings(1, 50), account(1000, 0)).state == "refused"


def test_express_chunks_can_not_wait_for_room() -> None:
    limits = account(100)
    assert found(Settings(2, 50), limits).state == "narrower"
    said = found(Settings(2, 50, is_express=True), limits)
    assert said.state == "refused"
    assert "set chunk_timeout_s above that" in said.says
    assert found(Settings(1, 95, is_express=True), limits).state == "ok"


def test_a_reservation_that_a_deploy_would_fail_of_is_refused() -> None:
    to_come = Settings(1, 5, reserves={"RenderChunk": 5}, is_deployed=False)
    said = found(to_come, account(10), "Lambda: reserved")
    assert (said.state, said.allows, said.wants) == ("refused", "0", "5")
    fits = list(judge(to_come, account(105)))
    assert not [one for one in fits if one.what == "Lambda: reserved"]


def test_a_function_that_may_never_run_is_refused() -> None:
    said = found(Settings(1, 5, reserves={"chunk-fn": 0}), account(10), "Lambda: reserved")
    assert said.state == "refused"
    assert said.says.startswith("chunk-fn may never run; `aws lambda delete-function-concurrency")


def test_a_new_account_may_have_less_memory() -> None:
    assert found(Settings(1, 5, memory_mb=3009), account(10), "Lambda: memory").state == "narrower"
    for memory_mb, concurrent in ((3008, 10), (10_240, 1000)):
        findings = judge(Settings(1, 5, memory_mb=memory_mb), account(concurrent))
        assert not [one for one in findings if one.what == "Lambda: memory"]


def test_more_jobs_than_map_runs_are_refused() -> None:
    limits = account(5000, quotas={MAP_RUNS: 20.0})
    assert found(Settings(20, 10), limits, MAP_RUNS.says).state == "ok"
    said = found(Settings(21, 10), limits, MAP_RUNS.says)
    assert (said.state, said.says) == (
        "refused",
        "jobs above it fail; deploy with max_active_jobs=20",
    )


@pytest.mark.parametrize("asked", [TRANSITIONS, KEYS])
def test_a_rate_that_is_too_low_slows_down(asked: Any) -> None:
    settings = Settings(10, 100)
    assert found(settings, account(2000, quotas={asked: 10_000.0}), asked.says).state == "ok"
    said = found(settings, account(2000, quotas={asked: 50.0}), asked.says)
    assert (said.state, said.allows) == ("narrower", "50")


@pytest.mark.parametrize("asked", [TRANSITIONS, STARTS, KEYS, MESSAGES, MAP_RUNS])
def test_a_quota_that_lets_nothing_by_is_refused(asked: Any) -> None:
    said = found(Settings(1, 5), account(2000, quotas={asked: 0.0}), asked.says)
    assert (said.state, said.allows) == ("refused", "0")


def test_what_can_not_be_read_is_said_and_not_refused() -> None:
    limits = Limits(None, None, unread={"lambda": "needs lambda:GetAccountSettings", "kms": "no"})
    said = found(Settings(10, 100), limits)
    assert (said.state, said.says) == ("unread", "needs lambda:GetAccountSettings")
    assert found(Settings(10, 100), limits, KEYS.says).says == "no"
    assert "does not list it" in found(Settings(10, 100), limits, MAP_RUNS.says).says
    assert all(one.state == "unread" for one in judge(Settings(10, 100), limits))


def test_every_finding_names_its_source() -> None:
    limits = account(10, quotas={MAP_RUNS: 1.0})
    refused = Settings(10, 100, reserves={"f": 0}, memory_mb=10_240)
    for one in judge(refused, limits):
        assert one.source.startswith("https://docs.aws.amazon.com/")
        assert one.state in ("ok", "unread") or one.says
