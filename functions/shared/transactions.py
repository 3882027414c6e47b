"""DynamoDB transactions: all of several conditional writes, or none and why."""

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.shared.errors import TransientError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Write = dict[str, Any]
"""One of Put, Update, Delete or ConditionCheck, as TransactWriteItems takes it."""

_MOST_TRIES = 12
_FIRST_PAUSE_S = 0.02


def transact(
    dynamodb: "DynamoDBClient",
    writes: Sequence[Write],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> set[int]:
    """Make all writes, or none. Returns the numbers of those whose condition failed; empty: made.

    A conflict with another transaction under way is tried again, with backoff and full jitter.
    botocore gives each call a token, so a retry after a lost reply is not a second write.
    """
    items: Any = list(writes)
    for attempt in range(_MOST_TRIES):
        try:
            dynamodb.transact_write_items(TransactItems=items)
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            answer: Any = error.response
            reasons = answer["CancellationReasons"]
            codes = [reason.get("Code") for reason in reasons]
            failed = {i for i, code in enumerate(codes) if code == "ConditionalCheckFailed"}
            if failed:
                return failed
            if "TransactionConflict" not in codes:
                raise
            pause(random.uniform(0, _FIRST_PAUSE_S * 2**attempt))  # noqa: S311 - jitter
        else:
            return set()
    raise TransientError(f"The tables were busy {_MOST_TRIES} times over; the step is tried again.")
