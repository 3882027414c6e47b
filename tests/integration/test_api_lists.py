"""Lists: one's own jobs, newest first, page by page; to an operator, all."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from functions.shared.job import parse_input
from tests.integration.callers import Caller, problem, signed_in
from tests.integration.conftest import Deployed
from tests.polling import until


@dataclass(frozen=True)
class Listed:
    """A caller, and its queued jobs from the newest on. Every second one is of `order_key`."""

    caller: Caller
    ids: list[str]
    order_key: str


@pytest.fixture(scope="module")
def listed(stack: Deployed) -> Iterator[Listed]:
    with signed_in(stack) as caller:
        ids, order_key = [], f"key-{uuid.uuid4().hex[:8]}"
        now = datetime.now(UTC)
        for number in range(7):
            job_id = f"test-{uuid.uuid4().hex[:12]}"
            request = {
                "job_id": job_id,
                "owner": caller.sub,
                "source": f"s3://{stack.client.store.bucket}/uploads/{caller.sub}/a.mp4",
                "snapshots": {"count": 1},
                **({"order_key": order_key} if number % 2 == 0 else {}),
            }
            at = now - timedelta(seconds=number)
            stack.client.jobs.register(job_id, parse_input(request), "queue", at)
            ids.append(job_id)
        until(lambda: len(walk(caller)) == 7, "the index to follow", 30)
        try:
            yield Listed(caller, ids, order_key)
        finally:
            for job_id in ids:
                stack.client.cancel(job_id)


def walk(caller: Caller, **params: str) -> list[str]:
    """All pages."""
    found: list[str] = []
    while True:
        answer = caller.call("GET", "/jobs", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["jobs"]) <= int(params.get("limit", "20"))
        found += [job["job_id"] for job in page["jobs"]]
        if page["cursor"] is None:
            return found
        params["cursor"] = page["cursor"]


@pytest.mark.parametrize("limit", ["1", "3", "7", "100"])
def test_pages_hold_each_job_once_newest_first(listed: Listed, limit: str) -> None:
    assert walk(listed.caller, limit=limit) == listed.ids


def test_filters(listed: Listed, stack: Deployed) -> None:
    caller, ids = listed.caller, listed.ids
    assert walk(caller, order_key=listed.order_key, limit="2") == ids[::2]
    assert walk(caller, order_key="none") == []
    stack.client.cancel(ids[3])
    assert walk(caller, status="CANCELLED") == [ids[3]]
    assert walk(caller, status="QUEUED", limit="2") == ids[:3] + ids[4:]
    assert walk(caller, status="COMPLETE") == []


@pytest.mark.aws("ddb-index")
def test_a_list_says_what_holds_now(listed: Listed, stack: Deployed) -> None:
    stack.client.cancel(listed.ids[5])
    page = listed.caller.call("GET", "/jobs").json()
    job = next(job for job in page["jobs"] if job["job_id"] == listed.ids[5])
    assert (job["status"], job["error"]["name"]) == ("CANCELLED", "JobCancelled")


def test_nobody_lists_anothers_jobs_not_even_by_its_cursor(listed: Listed, stack: Deployed) -> None:
    cursor = listed.caller.call("GET", "/jobs", params={"limit": "1"}).json()["cursor"]
    with signed_in(stack) as other:
        assert walk(other) == []
        assert walk(other, cursor=cursor) == []


def test_an_operator_lists_all(listed: Listed, stack: Deployed) -> None:
    with signed_in(stack, "operators") as operator:
        answer = operator.call("GET", "/jobs", params={"limit": "100"}).json()
        mine = [job["job_id"] for job in answer["jobs"] if job["job_id"] in listed.ids]
        assert mine == listed.ids
        cursor = listed.caller.call("GET", "/jobs", params={"limit": "1"}).json()["cursor"]
        wrong = operator.call("GET", "/jobs", params={"cursor": cursor})
        assert problem(wrong, 400, "invalid-parameter")["errors"][0]["path"] == "cursor"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "DONE"}, "status"),
        ({"cursor": "bm90IG9uZQ"}, "cursor"),
        ({"stauts": "FAILED"}, "stauts"),
        ([("status", "FAILED"), ("status", "COMPLETE")], "status"),
    ],
)
def test_a_parameter_that_can_not_be_is_named(
    listed: Listed, params: dict[str, str] | list[tuple[str, str]], path: str
) -> None:
    answer = listed.caller.call("GET", "/jobs", params=params)
    assert problem(answer, 400, "invalid-parameter")["errors"][0]["path"] == path
