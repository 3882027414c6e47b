"""Keeps a receipt of each call of a worker. Only handlers import this."""

import functools
import platform
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.meter import METER
from functions.shared.prices import Architecture
from functions.shared.receipts import Receipt, leave
from functions.shared.runtime import Context, Event, logger, media_store, setting

_LEAST_LEFT_MS = 2000
"""With less, the call itself comes first: what it says must still arrive."""


def receipt_so_far(function: str) -> Receipt:
    """Of the call under way."""
    return Receipt(
        function=function,
        architecture=_architecture(),
        billed_ms=METER.billed_ms,
        memory_mb=int(setting("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")),
        storage_mb=int(setting("STORAGE_MB")),
        used=METER.used,
    )


def metered(handle: Callable[[Any, Context], Any]) -> Callable[[Any, Context], Any]:
    """Wrap a worker's handler: however it ends, a receipt says what the call used.

    A call that is cut off leaves none, and one that can't be written is let go: no job fails
    for the sake of its bill.
    """
    function = handle.__module__.split(".")[-2]

    @functools.wraps(handle)
    def wrapper(event: Event, context: Context) -> Any:
        try:
            return handle(event, context)
        finally:
            if context.get_remaining_time_in_millis() > _LEAST_LEFT_MS:
                _leave(function, event["job_id"], context.aws_request_id)

    return wrapper


def _leave(function: str, job_id: str, request_id: str) -> None:
    METER.add(s3_puts=1)  # the receipt's own
    try:
        leave(media_store(), job_id, request_id, receipt_so_far(function))
    except (BotoCoreError, ClientError) as error:
        logger().warning("no receipt was left", error=str(error))


def _architecture() -> Architecture:
    return "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
