"""What one call of a function uses: billed time, requests, units. Counted where boto3 sends them.

A function has one call at a time, so one meter serves it; its threads share it.
"""

import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

_MOST_INIT_S = 10.0
"""Lambda ends an initialization that takes longer."""
_S3_PUTS = {
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "ListObjectsV2",
    "PutObject",
    "UploadPart",
    "UploadPartCopy",
}
_S3_FREE = {"AbortMultipartUpload", "DeleteObject", "DeleteObjects"}
_DYNAMODB_WRITES = {"DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"}
_REFUSALS = {"ConditionalCheckFailedException", "TransactionCanceledException"}
_TRANSACTED = 2


@dataclass
class Used:
    """Counts of one call."""

    s3_puts: int = 0
    """PUT, COPY, POST and LIST requests: what S3 calls the dearer class."""
    s3_gets: int = 0
    """GET, HEAD and all others."""
    s3_addresses: int = 0
    """Presigned for a program that reads by itself."""
    stored_bytes: int = 0
    write_units: float = 0
    read_units: float = 0


class Meter:
    """Runs from `begin` to `begin`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._init_ms = 0
        self._of_this_call_ms = 0
        self._began = clock()
        self._used = Used()

    def loaded(self, init_s: float) -> None:
        """All is imported, after `init_s`: the first call is billed for that, too."""
        self._init_ms = math.ceil(init_s * 1000)

    def begin(self) -> None:
        with self._lock:
            self._used = Used()
            self._of_this_call_ms, self._init_ms = self._init_ms, 0
            self._began = self.clock()

    @property
    def billed_ms(self) -> int:
        """As Lambda bills: whole milliseconds, a cold start's initialization with them."""
        # Without the first step, noise in the last digit of a float would be a millisecond.
        took_ms = round((self.clock() - self._began) * 1000, 6)
        return self._of_this_call_ms + math.ceil(took_ms)

    @property
    def used(self) -> Used:
        with self._lock:
            return Used(*(getattr(self._used, field.name) for field in fields(Used)))

    def add(self, **counts: float) -> None:
        with self._lock:
            for name, count in counts.items():
                setattr(self._used, name, getattr(self._used, name) + count)

    def watch(self, client: Any) -> Any:
        """Count what a client of S3 or DynamoDB sends, each retry with it; returns the client."""
        events = client.meta.events
        service = client.meta.service_model.service_id.hyphenize()
        if service == "s3":
            events.register("before-send.s3.*", self._s3_sent)
            events.register("before-parameter-build.s3.GetObject", self._s3_asked)
        else:
            events.register("before-parameter-build.dynamodb.*", _ask_for_units)
            events.register("after-call.dynamodb.*", self._dynamodb_answered)
        return client

    def _s3_sent(self, event_name: str, request: Any, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if operation in _S3_FREE:
            return
        if operation not in _S3_PUTS:
            self.add(s3_gets=1)
            return
        headers = request.headers
        size = headers.get("X-Amz-Decoded-Content-Length") or headers.get("Content-Length") or 0
        is_stored = operation in {"PutObject", "UploadPart"}
        self.add(s3_puts=1, stored_bytes=int(size) if is_stored else 0)

    def _s3_asked(self, context: dict[str, Any], **_: Any) -> None:
        if context.get("is_presign_request"):
            self.add(s3_addresses=1)

    def _dynamodb_answered(
        self, model: Any, parsed: dict[str, Any], context: Any, **_: Any
    ) -> None:
        told = parsed.get("ConsumedCapacity") or []
        units = sum(
            float(one["CapacityUnits"]) for one in (told if isinstance(told, list) else [told])
        )
        is_write = model.name in _DYNAMODB_WRITES
        if parsed.get("Error", {}).get("Code") in _REFUSALS:
            # Refused, it is charged as if it had been made, and the answer has no count.
            units = context["reelwright_items"]
        self.add(**{"write_units" if is_write else "read_units": units})


def _ask_for_units(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
    if "ReturnConsumedCapacity" in model.input_shape.members:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")
    written = params.get("TransactItems")
    context["reelwright_items"] = _TRANSACTED * len(written) if written else 1


def process_age_s() -> float:
    """Seconds since this process began, by the kernel; where it can't be, its CPU time."""
    facts = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    began_s = int(facts[19]) / os.sysconf("SC_CLK_TCK")
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - began_s
    return age_s if 0 <= age_s <= _MOST_INIT_S else min(time.process_time(), _MOST_INIT_S)


METER = Meter()
"""Of this process."""
