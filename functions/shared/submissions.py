"""Jobs the API has accepted: put on the queue, and perhaps not yet registered from it.

The table `submissions` has one row a job: {job_id, owner, request, created_at, expires_at}. It says
what was sent until the jobs table does (docs/decisions/0009-ways-in-and-out.md).
"""

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.shared.dynamo_values import from_dynamo, to_dynamo
from functions.shared.errors import InvalidRequest
from functions.shared.job import Request, parse_request
from functions.shared.stamps import stamp
from functions.shared.turns_table import lane_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEPT = timedelta(days=5)
"""Longer than the queue keeps a message: then the job is registered, or lost with its message."""


class Submissions:
    """Written once a job, never changed. Reads are strongly consistent."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def get(self, job_id: str) -> dict[str, Any] | None:
        found = self.dynamodb.get_item(
            TableName=self.table, Key={"job_id": {"S": job_id}}, ConsistentRead=True
        )
        return _plain(found["Item"]) if "Item" in found else None

    def put(self, request: Request, now: datetime) -> dict[str, Any]:
        """Note a job with its id and owner. Returns its row: the new one, or the one that was there
        under this id, which may be of another request."""
        row = {
            "job_id": request.job_id,
            "owner": request.owner,
            "request": request.model_dump_json(exclude_defaults=True),
            "created_at": stamp(now),
            "expires_at": int((now + KEPT).timestamp()),
        }
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={key: to_dynamo(value) for key, value in row.items()},
                ConditionExpression="attribute_not_exists(job_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            answer: Any = error.response
            return _plain(answer["Item"])
        return row


def is_of(row: dict[str, Any], request: Request) -> bool:
    """Whether a row, of a submission or a job, was written for this very request."""
    try:
        return parse_request(row["request"]) == request
    except InvalidRequest:
        return False


def message_group(request: Request) -> str:
    """Of a request with its id: jobs of one lane share a group, whatever their `order_key` holds.

    A digest, since SQS takes only some characters.
    """
    lane = lane_of(request.order_key, str(request.job_id), request.owner)
    return hashlib.sha256(lane.encode()).hexdigest()


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {key: from_dynamo(value) for key, value in item.items()}
