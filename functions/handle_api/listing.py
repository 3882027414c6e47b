"""Jobs, newest first: found by an index of keys, then read from the table itself.

An index may be a moment behind, but what is said of a job never is: rows are read consistently.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from functions.handle_api import cursor
from functions.handle_api.callers import Caller
from functions.handle_api.cursor import After, Position
from functions.handle_api.models import MOST_JOBS, JobList, ListQuery
from functions.shared.dynamo_values import from_dynamo
from functions.shared.errors import TransientError
from functions.shared.job_view import JobSummary, summary

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

FIRST_DAY = date(2026, 11, 1)
"""No job is older: there was no such table before."""
MOST_QUERIES = 40
MOST_ROWS = 500
"""What one call looks at, at most; its cursor leads on."""
_MOST_TRIES = 8
_FIRST_PAUSE_S = 0.02
Key = Mapping[str, Any]


class Index(Protocol):
    """Keys of jobs in order."""

    def begin(self, cursor: str | None) -> Position: ...

    def page(self, position: Position, limit: int) -> tuple[list[Key], Position | None]:
        """Up to `limit` keys after the position, and where to go on; None: that was all."""

    def position(self, at: Position, key: Key) -> Position:
        """Right after `key`, which was found from `at`."""


class JobKeys:
    """The two indexes of the jobs table, and the table behind them."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.pause = pause

    def under(
        self, index: str, name: str, value: str, position: Position, limit: int
    ) -> tuple[list[Key], After | None]:
        """Keys under one value of an index's first key, newest first; None: to the end."""
        start: dict[str, Any] = {}
        if position.after is not None:
            keys = {name: value, **position.after.model_dump()}
            start["ExclusiveStartKey"] = {key: {"S": text} for key, text in keys.items()}
        answer = self.dynamodb.query(
            TableName=self.table,
            IndexName=index,
            KeyConditionExpression="#name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
            ScanIndexForward=False,
            Limit=limit,
            **start,
        )
        found: list[Key] = [
            {key: from_dynamo(text) for key, text in item.items()} for item in answer["Items"]
        ]
        return found, after(found[-1]) if found and "LastEvaluatedKey" in answer else None

    def rows(self, keys: list[Key]) -> dict[str, dict[str, Any]]:
        """The jobs' rows as they are now, by id. Up to 100 keys."""
        todo: Any = [{"job_id": {"S": key["job_id"]}} for key in keys]
        found: dict[str, dict[str, Any]] = {}
        for attempt in range(_MOST_TRIES):
            if not todo:
                return found
            if attempt:
                self.pause(random.uniform(0, _FIRST_PAUSE_S * 2**attempt))  # noqa: S311 - jitter
            answer: Any = self.dynamodb.batch_get_item(
                RequestItems={self.table: {"Keys": todo, "ConsistentRead": True}}
            )
            for item in answer["Responses"].get(self.table, []):
                row = {name: from_dynamo(value) for name, value in item.items()}
                found[row["job_id"]] = row
            todo = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys")
        raise TransientError(f"The jobs table was busy {_MOST_TRIES} times over.")


class OwnJobs:
    """The index of one owner's jobs."""

    def __init__(self, keys: JobKeys, owner: str) -> None:
        self.keys = keys
        self.owner = owner

    def begin(self, text: str | None) -> Position:
        position = Position.decode(text) if text is not None else Position()
        if position.day is not None:
            raise cursor.unknown()
        return position

    def page(self, position: Position, limit: int) -> tuple[list[Key], Position | None]:
        found, last = self.keys.under("by_owner", "owner", self.owner, position, limit)
        return found, Position(after=last) if last else None

    def position(self, at: Position, key: Key) -> Position:  # noqa: ARG002 - as the other index
        return Position(after=after(key))


class AllJobs:
    """The index of everybody's jobs, day by day."""

    def __init__(self, keys: JobKeys, today: date) -> None:
        self.keys = keys
        self.today = today

    def begin(self, text: str | None) -> Position:
        if text is None:
            return Position(day=self.today)
        position = Position.decode(text)
        if position.day is None or not FIRST_DAY <= position.day <= self.today:
            raise cursor.unknown()
        return position

    def page(self, position: Position, limit: int) -> tuple[list[Key], Position | None]:
        day = position.day or self.today
        found, last = self.keys.under("by_day", "created_day", day.isoformat(), position, limit)
        if last:
            return found, Position(day=day, after=last)
        before = day - timedelta(days=1)
        return found, Position(day=before) if before >= FIRST_DAY else None

    def position(self, at: Position, key: Key) -> Position:
        return Position(day=at.day, after=after(key))


def index_for(caller: Caller, keys: JobKeys, now: datetime) -> Index:
    return AllJobs(keys, now.date()) if caller.is_operator else OwnJobs(keys, caller.sub)


def list_jobs(caller: Caller, query: ListQuery, keys: JobKeys, now: datetime) -> JobList:
    """One answer's worth of the jobs the caller may see."""
    index = index_for(caller, keys, now)
    position: Position | None = index.begin(query.cursor)
    is_filtered = query.status is not None or query.order_key is not None
    jobs: list[JobSummary] = []
    looked_at = 0
    for _ in range(MOST_QUERIES):
        if position is None or looked_at >= MOST_ROWS:
            break
        wanted = MOST_JOBS if is_filtered else query.limit - len(jobs)
        found, following = index.page(position, wanted)
        looked_at += len(found)
        for key, job in _matching(caller, query, keys, found):
            jobs.append(job)
            if len(jobs) == query.limit:
                is_last = following is None and key is found[-1]
                on = None if is_last else index.position(position, key)
                return JobList(jobs=tuple(jobs), cursor=on.encode() if on else None)
        position = following
    return JobList(jobs=tuple(jobs), cursor=position.encode() if position else None)


def _matching(
    caller: Caller, query: ListQuery, keys: JobKeys, found: list[Key]
) -> Iterator[tuple[Key, JobSummary]]:
    rows = keys.rows(found)
    for key in found:
        row = rows.get(key["job_id"])
        if row is None or not caller.may_see(row) or query.status not in (None, row["status"]):
            continue
        job = summary(row)
        if query.order_key in (None, job.order_key):
            yield key, job


def after(key: Key) -> After:
    return After(created_at=key["created_at"], job_id=key["job_id"])
