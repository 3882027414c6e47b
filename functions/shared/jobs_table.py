"""The jobs table: one row a job, every change guarded by what the row must hold before it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from functions.shared.job import Request

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Status = Literal["QUEUED", "RUNNING", "COMPLETE", "FAILED", "REJECTED"]
Door = Literal["queue", "direct"]
"""The way a job came in: a message, or StartExecution."""

_REOPENABLE = " OR (#status = :failed AND execution_arn <> :arn)"
_to_dynamo = TypeSerializer().serialize
_from_dynamo = TypeDeserializer().deserialize


@dataclass(frozen=True)
class JobError:
    """Why a job ended without its render.

    `name` is the error class, `message` one sentence, `state` the state machine's state, `chunk`
    the number of the chunk where one is to blame.
    """

    name: str
    message: str
    state: str | None = None
    chunk: int | None = None

    def as_item(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}


class JobsTable:
    """Reads are strongly consistent: a decision is never made on an old row."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def get(self, job_id: str) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(
            TableName=self.table, Key={"job_id": {"S": job_id}}, ConsistentRead=True
        )
        return _plain(found["Item"]) if "Item" in found else None

    def register(
        self, job_id: str, request: Request, door: Door, now: datetime
    ) -> dict[str, Any] | None:
        """Write a QUEUED row. Returns None where it was written, or the row already there."""
        row = {
            **_new_row(job_id, "QUEUED", door, now),
            "request": request.model_dump_json(exclude_defaults=True),
            "request_hash": request.hash,
            "priority": request.priority,
        }
        if request.order_key is not None:
            row["order_key"] = request.order_key
        return self._put_new(row)

    def reject(self, job_id: str, text: str, error: JobError, door: Door, now: datetime) -> bool:
        """Keep a request that could never run, so that its sender can see why.

        False: the id is another's. A repeat of the same refusal is no other.
        """
        row = {
            **_new_row(job_id, "REJECTED", door, now),
            "request": text,
            "error": error.as_item(),
            "finished_at": stamp(now),
        }
        there = self._put_new(row)
        return there is None or (there["status"], there["request"]) == ("REJECTED", text)

    def fail_unclaimed(
        self,
        job_id: str,
        request: Request,
        execution_arn: str,
        error: JobError,
        door: Door,
        now: datetime,
    ) -> None:
        """End a job whose execution ended before it could write a row."""
        self._put_new(
            {
                **_new_row(job_id, "FAILED", door, now),
                "request": request.model_dump_json(exclude_defaults=True),
                "request_hash": request.hash,
                "priority": request.priority,
                "execution_arn": execution_arn,
                "error": error.as_item(),
                "finished_at": stamp(now),
            }
        )

    def claim(self, job_id: str, execution_arn: str, now: datetime, *, reopen: bool) -> bool:
        """Tie a job to one execution. False: another execution has it, or it has ended.

        A repeated claim by the same execution succeeds. `reopen` also takes a FAILED job, whose
        good parts are then used again, but not one that this very execution failed: a claim that
        comes after its execution's end is late.
        """
        mine = "(#status = :running AND execution_arn = :arn)"
        takeable = f"#status = :queued OR {mine}" + (_REOPENABLE if reopen else "")
        values = {
            ":arn": execution_arn,
            ":now": stamp(now),
            ":queued": "QUEUED",
            ":running": "RUNNING",
            ":one": 1,
            ":zero": 0,
        }
        return self._update(
            job_id,
            "SET #status = :running, execution_arn = :arn, started_at = :now, updated_at = :now, "
            "attempts = if_not_exists(attempts, :zero) + :one "
            "REMOVE #error, failure, finished_at",
            takeable,
            {**values, ":failed": "FAILED"} if reopen else values,
        )

    def complete(self, job_id: str, execution_arn: str, result_key: str, now: datetime) -> bool:
        """RUNNING → COMPLETE, or FAILED → COMPLETE for the same (redriven) execution."""
        return self._update(
            job_id,
            "SET #status = :complete, result_key = :result, finished_at = :now, updated_at = :now "
            "REMOVE #error, failure",
            "execution_arn = :arn AND #status IN (:running, :failed)",
            {
                ":complete": "COMPLETE",
                ":running": "RUNNING",
                ":failed": "FAILED",
                ":arn": execution_arn,
                ":result": result_key,
                ":now": stamp(now),
            },
        )

    def fail(self, job_id: str, execution_arn: str, error: JobError, now: datetime) -> bool:
        """RUNNING (by this execution) or never claimed → FAILED."""
        return self._update(
            job_id,
            "SET #status = :failed, #error = :error, execution_arn = :arn, finished_at = :now, "
            "updated_at = :now",
            "#status = :queued OR (#status = :running AND execution_arn = :arn)",
            {
                ":failed": "FAILED",
                ":queued": "QUEUED",
                ":running": "RUNNING",
                ":arn": execution_arn,
                ":error": error.as_item(),
                ":now": stamp(now),
            },
        )

    def _put_new(self, row: dict[str, Any]) -> dict[str, Any] | None:
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={key: _to_dynamo(value) for key, value in row.items()},
                ConditionExpression="attribute_not_exists(job_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return _plain(error.response["Item"])  # type: ignore[typeddict-item]
        return None

    def _update(self, job_id: str, expression: str, condition: str, values: dict[str, Any]) -> bool:
        names = {"#status": "status", "#error": "error"}
        used = {name: field for name, field in names.items() if name in expression + condition}
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key={"job_id": {"S": job_id}},
                UpdateExpression=expression,
                ConditionExpression=f"attribute_exists(job_id) AND ({condition})",
                ExpressionAttributeNames=used,
                ExpressionAttributeValues={key: _to_dynamo(v) for key, v in values.items()},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, so that stamps sort as text."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _new_row(job_id: str, status: Status, door: Door, now: datetime) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "status": status,
        "door": door,
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {key: _from_dynamo(value) for key, value in item.items()}
