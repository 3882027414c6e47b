"""The turns table: who waits, who renders, and how many (docs/decisions/0006-turns.md).

Every read is strongly consistent: a decision is never made on an old row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from functions.shared.dynamo_values import from_dynamo, to_dynamo
from functions.shared.stamps import stamp
from functions.shared.transactions import Write, transact

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

State = Literal["WAITING", "GRANTED"]
_COUNT = {"lane": "#granted", "sequence": 0}


@dataclass(frozen=True)
class Turn:
    """A row of a job that has not ended."""

    lane: str
    sequence: int
    job_id: str
    state: State
    epoch: int
    """Raised by every grant; an answer to a token carries the one it was given for."""
    priority: int
    registered_at: str
    tokens: tuple[str, ...] = ()
    """All it was asked for with, since it was last taken back; at most one is alive."""
    execution_arn: str | None = None
    started: bool = False

    @property
    def rank(self) -> tuple[int, str, str]:
        """Order of heads of lanes: priority, highest first, then time of registration."""
        return (-self.priority, self.registered_at, self.lane)


def lane_of(order_key: str | None, job_id: str, owner: str | None = None) -> str:
    """An owner's jobs of one order key share a lane; any other job has one of its own."""
    if order_key is None:
        return f"job/{job_id}"
    return f"key/{order_key}" if owner is None else f"owner/{owner}/{order_key}"


def _is_shared(lane: str) -> bool:
    return not lane.startswith("job/")


class TurnsTable:
    """Reads, and the writes that touch turns alone. Writes that belong to a job's own change are
    given out as parts of its transaction."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def get(self, lane: str, sequence: int) -> Turn | None:
        row = self._get({"lane": lane, "sequence": sequence})
        return _turn(row) if row else None

    def granted(self) -> int:
        return int((self._get(_COUNT) or {"granted": 0})["granted"])

    def next_sequence(self, lane: str) -> int:
        """The number a new turn of the lane would get now."""
        return int((self._get({"lane": lane, "sequence": 0}) or {"last": 0})["last"]) + 1

    def all(self) -> Iterator[Turn]:
        """Every turn, each as it was when read. A turn that was there throughout is among them."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.table,
            ConsistentRead=True,
            FilterExpression="attribute_exists(job_id)",
        )
        for page in pages:
            for item in page["Items"]:
                yield _turn(_plain(item))

    def new(
        self, lane: str, sequence: int, job_id: str, priority: int, now: datetime
    ) -> list[Write]:
        """Give a lane's next number to a job; the condition fails where it was given out."""
        row = {
            "lane": lane,
            "sequence": sequence,
            "job_id": job_id,
            "state": "WAITING",
            "epoch": 0,
            "priority": priority,
            "registered_at": stamp(now),
            "started": False,
        }
        counted = self._update(
            {"lane": lane, "sequence": 0},
            "SET #last = :next",
            "attribute_not_exists(lane) OR #last = :last",
            {":next": sequence, ":last": sequence - 1},
        )
        put = {
            "TableName": self.table,
            "Item": _item(row),
            "ConditionExpression": "attribute_not_exists(lane)",
        }
        # A lane of one job never has a second number, and keeps no counter behind.
        return [{"Put": put}, *([{"Update": counted}] if _is_shared(lane) else [])]

    def free(self, turn: Turn) -> list[Write]:
        """Take a turn off the table, and off the count if it was granted."""
        gone = {
            "TableName": self.table,
            "Key": _item({"lane": turn.lane, "sequence": turn.sequence}),
            "ConditionExpression": "#state = :state AND epoch = :epoch",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": _item({":state": turn.state, ":epoch": turn.epoch}),
        }
        return [{"Delete": gone}, *([self._count(-1)] if turn.state == "GRANTED" else [])]

    def start(self, turn: Turn) -> Write:
        """Only while the grant of this epoch stands."""
        return {
            "Update": self._update(
                {"lane": turn.lane, "sequence": turn.sequence},
                "SET started = :yes",
                "#state = :granted AND epoch = :epoch",
                {":yes": True, ":granted": "GRANTED", ":epoch": turn.epoch},
            )
        }

    def store_token(self, turn: Turn, token: str, execution_arn: str) -> bool:
        """Add a token. False: the turn is gone, its job has ended.

        No token takes the place of another: an invocation that was given up and goes on beside its
        retry may come here last, with the token that is dead.
        """
        try:
            self.dynamodb.update_item(
                **self._update(
                    {"lane": turn.lane, "sequence": turn.sequence},
                    "SET #tokens = list_append(if_not_exists(#tokens, :none), :token), "
                    "execution_arn = :arn",
                    "job_id = :job",
                    {
                        ":none": [],
                        ":token": [token],
                        ":arn": execution_arn,
                        ":job": turn.job_id,
                    },
                )
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def grant(self, turn: Turn, ceiling: int) -> Literal["granted", "full", "changed"]:
        """WAITING with these tokens → GRANTED, if fewer than `ceiling` are."""
        row = self._update(
            {"lane": turn.lane, "sequence": turn.sequence},
            "SET #state = :granted, epoch = :next, started = :no",
            "#state = :waiting AND epoch = :epoch AND #tokens = :tokens",
            {
                ":granted": "GRANTED",
                ":waiting": "WAITING",
                ":epoch": turn.epoch,
                ":next": turn.epoch + 1,
                ":tokens": list(turn.tokens),
                ":no": False,
            },
        )
        failed = transact(self.dynamodb, [{"Update": row}, self._count(1, below=ceiling)])
        return "changed" if 0 in failed else "full" if failed else "granted"

    def take_back(self, turn: Turn) -> bool:
        """GRANTED in this epoch, not started → WAITING without tokens. False: it changed."""
        row = self._update(
            {"lane": turn.lane, "sequence": turn.sequence},
            "SET #state = :waiting REMOVE #tokens",
            "#state = :granted AND epoch = :epoch AND started = :no AND #tokens = :tokens",
            {
                ":granted": "GRANTED",
                ":waiting": "WAITING",
                ":epoch": turn.epoch,
                ":tokens": list(turn.tokens),
                ":no": False,
            },
        )
        return not transact(self.dynamodb, [{"Update": row}, self._count(-1)])

    def _count(self, change: int, *, below: int | None = None) -> Write:
        limit = {} if below is None else {":below": below}
        none_yet = "attribute_not_exists(granted) OR " if below else ""
        condition = "granted > :zero" if below is None else f"{none_yet}granted < :below"
        zero = {":zero": 0} if below is None else {}
        return {
            "Update": self._update(
                _COUNT, "ADD granted :change", condition, {":change": change, **limit, **zero}
            )
        }

    def _update(
        self, key: dict[str, Any], expression: str, condition: str, values: dict[str, Any]
    ) -> dict[str, Any]:
        names = {"#state": "state", "#tokens": "tokens", "#last": "last"}
        used = {name: field for name, field in names.items() if name in expression + condition}
        return {
            "TableName": self.table,
            "Key": _item(key),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": _item(values),
            **({"ExpressionAttributeNames": used} if used else {}),
        }

    def _get(self, key: dict[str, Any]) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(TableName=self.table, Key=_item(key), ConsistentRead=True)
        return _plain(found["Item"]) if "Item" in found else None


def _turn(row: dict[str, Any]) -> Turn:
    return Turn(
        lane=row["lane"],
        sequence=int(row["sequence"]),
        job_id=row["job_id"],
        state=row["state"],
        epoch=int(row["epoch"]),
        priority=int(row["priority"]),
        registered_at=row["registered_at"],
        tokens=tuple(row.get("tokens", ())),
        execution_arn=row.get("execution_arn"),
        started=row["started"],
    )


def _item(values: dict[str, Any]) -> dict[str, Any]:
    return {key: to_dynamo(value) for key, value in values.items()}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {key: from_dynamo(value) for key, value in item.items()}
