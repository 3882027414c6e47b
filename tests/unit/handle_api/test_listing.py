"""Every job of the caller's once, newest first, whatever the pages; and nobody else's."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.handle_api.callers import Caller
from functions.handle_api.listing import FIRST_DAY, MOST_QUERIES, MOST_ROWS, JobKeys, list_jobs
from functions.handle_api.models import ListQuery
from functions.shared.errors import TransientError
from tests.unit.conftest import NOW
from tests.unit.handle_api.conftest import ANN, BEN, Api

OPERATOR = "[editors operators]"


def pages(api: Api, **query: str) -> Iterator[list[dict[str, Any]]]:
    """As a client walks them."""
    who = {"groups": query.pop("groups", ""), "sub": query.pop("sub", ANN)}
    while True:
        answer = api.call("GET", "/jobs", query=query, **who)
        assert answer.status == 200, answer.text
        yield answer.json["jobs"]
        if answer.json["cursor"] is None:
            return
        query["cursor"] = answer.json["cursor"]


def ids(api: Api, **query: str) -> list[str]:
    return [job["job_id"] for page in pages(api, **query) for job in page]


def before(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize("limit", ["1", "2", "3", "7", "100"])
def test_pages_hold_each_job_once_newest_first(api: Api, limit: str) -> None:
    for number in range(7):
        # Some at the very same moment.
        api.queue_job(f"job-{number}", before(number // 2))
        api.queue_job(f"other-{number}", before(number // 2), owner=BEN)
    listed = [job for page in pages(api, limit=limit) for job in page]
    assert sorted(job["job_id"] for job in listed) == [f"job-{number}" for number in range(7)]
    assert [job["created_at"] for job in listed] == sorted(
        (job["created_at"] for job in listed), reverse=True
    )
    assert max(len(page) for page in pages(api, limit=limit)) <= int(limit)


def test_a_job_that_comes_while_pages_are_read_disturbs_none(api: Api) -> None:
    for number in range(4):
        api.queue_job(f"job-{number}", before(number))
    walk = pages(api, limit="2")
    seen = next(walk)
    api.queue_job("new", before(-1))
    seen += [job for page in walk for job in page]
    assert [job["job_id"] for job in seen] == ["job-0", "job-1", "job-2", "job-3"]


def test_operators_see_all_jobs_of_all_days(api: Api) -> None:
    api.queue_job("today", before(1))
    api.queue_job("ben", before(2), owner=BEN)
    api.queue_job("nobodys", before(3), owner=None)
    api.queue_job("yesterday", NOW - timedelta(days=1))
    api.queue_job("old", NOW - timedelta(days=19))
    expected = ["today", "ben", "nobodys", "yesterday", "old"]
    assert ids(api, groups=OPERATOR) == expected
    assert ids(api, groups=OPERATOR, limit="2") == expected
    assert ids(api) == ["today", "yesterday", "old"]


def test_an_operators_answer_looks_at_so_many_days_and_leads_on(api: Api) -> None:
    later = datetime(2027, 3, 1, 12, tzinfo=NOW.tzinfo)
    api.queue_job("old", NOW)
    keys = JobKeys(api.jobs.dynamodb, "jobs")
    operator = Caller("op", is_operator=True)
    cursor: str | None = None
    found: list[str] = []
    answers = 0
    while answers == 0 or cursor:
        answer = list_jobs(operator, ListQuery(cursor=cursor), keys, later)
        cursor, answers = answer.cursor, answers + 1
        found += [job.job_id for job in answer.jobs]
    assert found == ["old"]
    days = (later.date() - FIRST_DAY).days + 1
    assert answers == -(-days // MOST_QUERIES)


def test_filters(api: Api) -> None:
    for number in range(6):
        key = {"order_key": "even" if number % 2 == 0 else "odd"}
        api.queue_job(f"job-{number}", before(number), **key)
    api.call("DELETE", "/jobs/job-2")
    api.call("DELETE", "/jobs/job-3")
    assert ids(api, status="CANCELLED", limit="1") == ["job-2", "job-3"]
    assert ids(api, order_key="even") == ["job-0", "job-2", "job-4"]
    # The third is the last of all: nothing follows.
    assert len(list(pages(api, order_key="odd", limit="3"))) == 1
    assert ids(api, order_key="even", status="QUEUED", limit="1") == ["job-0", "job-4"]
    assert ids(api, order_key="none") == []


def test_a_call_looks_at_so_many_jobs_and_leads_on() -> None:
    keys = FakeKeys(count=MOST_ROWS + 120)
    query = ListQuery(status="COMPLETE")
    answer = list_jobs(Caller(ANN), query, keys, NOW)
    assert (answer.jobs, keys.read) == ((), MOST_ROWS)
    assert answer.cursor is not None
    answer = list_jobs(Caller(ANN), query.model_copy(update={"cursor": answer.cursor}), keys, NOW)
    assert (answer.cursor, keys.read) == (None, MOST_ROWS + 120)


class FakeKeys(JobKeys):
    """So many QUEUED jobs of ANN's."""

    def __init__(self, count: int) -> None:
        self.all = [{"job_id": f"job-{n:04}", "created_at": stamped(n)} for n in range(count)]
        self.read = 0

    def under(self, index: str, name: str, value: str, position: Any, limit: int) -> Any:
        assert (index, name, value) == ("by_owner", "owner", ANN)
        names = [key["job_id"] for key in self.all]
        start = names.index(position.after.job_id) + 1 if position.after else 0
        found = self.all[start : start + limit]
        last = found[-1] if start + limit < len(self.all) else None
        return found, type(position).model_validate({"after": last}).after if last else None

    def rows(self, keys: Any) -> Any:
        self.read += len(keys)
        row = {"owner": ANN, "status": "QUEUED", "request": "{}"}
        return {key["job_id"]: {**row, **key} for key in keys}


def stamped(number: int) -> str:
    return (NOW - timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_rows_the_table_left_out_are_asked_for_again(api: Api) -> None:
    for number in range(3):
        api.queue_job(f"job-{number}", before(number))
    busy = Busy(api.jobs.dynamodb, answers=1)
    pauses: list[float] = []
    keys = JobKeys(busy, "jobs", pause=pauses.append)  # type: ignore[arg-type]
    answer = list_jobs(Caller(ANN), ListQuery(), keys, NOW)
    assert [job.job_id for job in answer.jobs] == ["job-0", "job-1", "job-2"]
    assert len(pauses) == 2


def test_a_table_that_stays_busy_is_said_to_be(api: Api) -> None:
    api.queue_job("job", NOW)
    keys = JobKeys(Busy(api.jobs.dynamodb, answers=0), "jobs", pause=lambda _s: None)  # type: ignore[arg-type]
    with pytest.raises(TransientError, match="busy"):
        list_jobs(Caller(ANN), ListQuery(), keys, NOW)


class Busy:
    """Answers so many rows of each batch, and says which it left out."""

    def __init__(self, dynamodb: Any, answers: int) -> None:
        self.dynamodb = dynamodb
        self.answers = answers

    def query(self, **arguments: Any) -> Any:
        return self.dynamodb.query(**arguments)

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
        asked = RequestItems["jobs"]["Keys"]
        now, later = asked[: self.answers], asked[self.answers :]
        found: Any = {"Responses": {}}
        if now:
            wanted = {"jobs": {**RequestItems["jobs"], "Keys": now}}
            found = self.dynamodb.batch_get_item(RequestItems=wanted)
        return {**found, "UnprocessedKeys": {"jobs": {"Keys": later}} if later else {}}


def test_a_row_that_changed_owner_under_the_index_is_not_shown(api: Api) -> None:
    """An index is a moment behind its table: the row decides."""
    api.queue_job("mine", NOW)
    keys = JobKeys(api.jobs.dynamodb, "jobs")
    rows = keys.rows
    keys.rows = lambda asked: {  # type: ignore[method-assign]
        name: {**row, "owner": BEN} for name, row in rows(asked).items()
    }
    assert list_jobs(Caller(ANN), ListQuery(), keys, NOW).jobs == ()


def encoded(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


AFTER = {"created_at": "2026-11-21T12:00:00.000Z", "job_id": "job"}


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "?",
        "ä",
        "AA",
        encoded("{}x"),
        encoded([]),
        encoded({"after": {}}),
        encoded({"after": {**AFTER, "job_id": "../x"}}),
        encoded({"after": {**AFTER, "created_at": "now"}}),
        encoded({"after": AFTER, "owner": BEN}),
        encoded({"day": "2026-11-21", "after": AFTER}),
        "A" * 600,
    ],
)
def test_a_cursor_that_no_list_gave_is_refused(api: Api, cursor: str) -> None:
    answer = api.call("GET", "/jobs", query={"cursor": cursor})
    assert (answer.status, answer.json["errors"][0]["path"]) == (400, "cursor")


@pytest.mark.parametrize("day", ["2026-10-31", "2026-11-22", "1-1-1", None])
def test_an_operators_cursor_stays_within_the_days(api: Api, day: str | None) -> None:
    cursor = encoded({"after": AFTER, **({"day": day} if day else {})})
    answer = api.call("GET", "/jobs", query={"cursor": cursor}, groups=OPERATOR)
    assert (answer.status, answer.json["errors"][0]["path"]) == (400, "cursor")


def test_anothers_cursor_leads_into_ones_own_jobs(api: Api) -> None:
    """It only says where to go on; whose jobs these are is not in it."""
    for number in range(3):
        api.queue_job(f"ann-{number}", before(number))
        api.queue_job(f"ben-{number}", before(number + 0.5), owner=BEN)
    cursor = api.call("GET", "/jobs", query={"limit": "1"}, sub=BEN).json["cursor"]
    assert ids(api, cursor=cursor) == ["ann-1", "ann-2"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "1.0"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"status": "DONE"}, "status"),
        ({"status": ""}, "status"),
        ({"order_key": ""}, "order_key"),
        ({"order_key": "x" * 129}, "order_key"),
        ({"stauts": "FAILED"}, "stauts"),
    ],
)
def test_a_parameter_that_can_not_be_is_named(api: Api, query: dict[str, str], path: str) -> None:
    answer = api.call("GET", "/jobs", query=query)
    assert (answer.status, answer.json["type"]) == (400, "urn:reelwright:problem:invalid-parameter")
    assert [error["path"] for error in answer.json["errors"]] == [path]


def test_a_rejected_request_is_listed_though_it_can_not_be_read(api: Api) -> None:
    record = {"messageId": "m-1", "body": json.dumps({"owner": BEN, "rubbish": 1})}
    api.lambdas.invoke("register", json.dumps([record]))
    (job,) = api.call("GET", "/jobs", groups=OPERATOR).json["jobs"]
    assert (job["status"], job["order_key"]) == ("REJECTED", None)
