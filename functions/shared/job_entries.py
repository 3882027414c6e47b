"""The jobs table: how a job's row comes to be, and the writes that every change is made of."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.shared.dynamo_values import from_dynamo, to_dynamo
from functions.shared.errors import TransientError
from functions.shared.job_rows import Door, JobError, new_row, was_never_started
from functions.shared.stamps import stamp
from functions.shared.transactions import Write, transact
from functions.shared.turns_table import TurnsTable, lane_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from functions.shared.job import Request

MOST_TRIES = 12


class JobEntries:
    """Rows are written with their turn, or not at all."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, turns: TurnsTable) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.turns = turns

    def get(self, job_id: str) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(
            TableName=self.table, Key={"job_id": {"S": job_id}}, ConsistentRead=True
        )
        return _plain(found["Item"]) if "Item" in found else None

    def register(
        self, job_id: str, request: "Request", door: Door, now: datetime
    ) -> dict[str, Any] | None:
        """Write a QUEUED row and its turn, last of its lane.

        Returns None where they were written, or the row already there.
        """
        lane = lane_of(request.order_key, job_id, request.owner)
        row = {
            **new_row(job_id, "QUEUED", door, now, request.owner),
            "request": request.model_dump_json(exclude_defaults=True),
            "request_hash": request.hash,
            "priority": request.priority,
            "lane": lane,
        }
        for _ in range(MOST_TRIES):
            sequence = self.turns.next_sequence(lane)
            turn = self.turns.new(lane, sequence, job_id, request.priority, now)
            failed = transact(self.dynamodb, [self._put({**row, "sequence": sequence}), *turn])
            if not failed:
                return None
            if 0 in failed and (there := self.get(job_id)) is not None:
                return there
        raise busy(job_id)

    def reject(
        self,
        job_id: str,
        text: str,
        error: JobError,
        door: Door,
        now: datetime,
        owner: str | None = None,
    ) -> bool:
        """Keep a request that could never run, so that its sender can see why.

        False: the id is another's. A repeat of the same refusal is no other.
        """
        row = {
            **new_row(job_id, "REJECTED", door, now, owner),
            "request": text,
            "error": error.as_item(),
            "finished_at": stamp(now),
        }
        if not transact(self.dynamodb, [self._put(row)]):
            return True
        there = self.get(job_id)
        return there is not None and (there["status"], there["request"]) == ("REJECTED", text)

    def fail_unclaimed(
        self,
        job_id: str,
        request: "Request",
        execution_arn: str,
        error: JobError,
        door: Door,
        now: datetime,
    ) -> None:
        """End a job whose execution ended before it could write a row. It never had a turn."""
        row = {
            **new_row(job_id, "FAILED", door, now, request.owner),
            "request": request.model_dump_json(exclude_defaults=True),
            "request_hash": request.hash,
            "priority": request.priority,
            "lane": lane_of(request.order_key, job_id, request.owner),
            "sequence": 0,
            "execution_arn": execution_arn,
            "error": error.as_item(),
            "finished_at": stamp(now),
        }
        transact(self.dynamodb, [self._put(row)])

    def queue_again(self, job_id: str, now: datetime) -> bool:
        """NeverStarted → QUEUED with a new turn, last of its lane. False: not such a job."""
        for _ in range(MOST_TRIES):
            row = self.get(job_id)
            if row is None or not was_never_started(row):
                return False
            lane = row["lane"]
            sequence = self.turns.next_sequence(lane)
            job = self._update(
                job_id,
                "SET #status = :queued, #sequence = :sequence, updated_at = :now "
                "REMOVE #error, finished_at",
                "#status = :failed AND updated_at = :seen",
                {
                    ":queued": "QUEUED",
                    ":failed": "FAILED",
                    ":seen": row["updated_at"],
                    ":sequence": sequence,
                    ":now": stamp(now),
                },
            )
            turn = self.turns.new(lane, sequence, job_id, int(row["priority"]), now)
            if not transact(self.dynamodb, [job, *turn]):
                return True
        raise busy(job_id)

    def _put(self, row: dict[str, Any]) -> Write:
        return {
            "Put": {
                "TableName": self.table,
                "Item": {key: to_dynamo(value) for key, value in row.items()},
                "ConditionExpression": "attribute_not_exists(job_id)",
            }
        }

    def _update(
        self, job_id: str, expression: str, condition: str, values: dict[str, Any]
    ) -> Write:
        names = {"#status": "status", "#error": "error", "#sequence": "sequence"}
        used = {name: field for name, field in names.items() if name in expression + condition}
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"job_id": {"S": job_id}},
                "UpdateExpression": expression,
                "ConditionExpression": f"attribute_exists(job_id) AND ({condition})",
                "ExpressionAttributeNames": used,
                "ExpressionAttributeValues": {k: to_dynamo(v) for k, v in values.items()},
            }
        }


def busy(job_id: str) -> TransientError:
    return TransientError(f"The row of job {job_id} changed {MOST_TRIES} times under its change.")


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {key: from_dynamo(value) for key, value in item.items()}
