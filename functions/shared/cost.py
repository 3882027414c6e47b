"""What a job cost: the receipts of its workers times AWS's list prices.

What no receipt says is estimated by the constants here; docs/costs.md says where each is from.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self

from functions.shared import prices
from functions.shared.bill import Cost, Items
from functions.shared.receipts import Receipt

ExecutionType = Literal["EXPRESS", "STANDARD"]
_STEP = Decimal("0.00000001")
_GB = 1 << 30
_FREE_STORAGE_MB = 512
_MONTH_DAYS = 30

# Of the functions that only read and write records: Register Job, Claim Job, Request Turn, Finish
# Job, and Announce Job for each of the four statuses that a job goes through.
DESK_CALLS = 8
DESK_MS = 200
DESK_MB = 512
DESK_WRITE_UNITS = 26
DESK_READ_UNITS = 22

ADDRESS_GETS = 2
"""Requests that ffmpeg makes of an address it is given: 1.4 for a chunk, 4 for pictures."""
QUEUE_REQUESTS = 3
"""Sent, received, deleted."""
EVENTS = 4
LOG_BYTES_A_CALL = 1500
LOG_BYTES_A_TRANSITION = 1500
KMS_REQUESTS = 20
TRACES = 1

NOT_ALL = "Some of its calls are not in it: they are too many, or of another version of the stack."
"""The note where not every receipt was read."""
CUT_OFF = "Calls that were cut off, went on after its end, or assembled its files are not in it."
"""The note of a job that did not come to its files."""

_STATES_AROUND = 5
"""Claim Job, Is It Ours?, Wait For Turn; and the last two, however it ends."""
_STATES_OF_PLANNING = 2
"""Plan Render, Is It Live?"""
_STATES_OF_RENDERING = 6
"""Render Media, its three questions, and what follows on those for chunks and pictures."""
_STATES_OF_A_LOOK = 3
_EXPRESS_GB = Decimal(64) / 1024
_EXPRESS_STEP_MS = 100


@dataclass(frozen=True)
class Buying:
    """What of the stack's settings the prices depend on."""

    chunk_execution_type: ExecutionType
    parts_expire_days: int

    @classmethod
    def read(cls, chunk_execution_type: str, parts_expire_days: str) -> Self:
        kind: ExecutionType = "EXPRESS" if chunk_execution_type == "EXPRESS" else "STANDARD"
        return cls(kind, int(parts_expire_days))


def cost_of(
    receipts: Sequence[Receipt], buying: Buying, *, kept_bytes: int = 0, note: str | None = None
) -> Cost:
    """`kept_bytes`: of the files the job leaves."""
    calls = len(receipts) + DESK_CALLS * attempts(receipts)
    transitions = transitions_of(receipts, buying.chunk_execution_type)
    exact = {
        "lambda_compute": _compute(receipts),
        "lambda_requests": prices.LAMBDA_REQUEST.of(calls),
        "state_transitions": prices.TRANSITION.of(transitions) + _express(receipts, buying),
        "s3_requests": _s3_requests(receipts),
        "s3_parts": _storage(_parts_bytes(receipts)) * buying.parts_expire_days / _MONTH_DAYS,
        "dynamodb": _dynamodb(receipts),
        "messages": _messages(),
        "logs_and_keys": _around(calls, transitions),
    }
    items = Items(**{name: usd.quantize(_STEP) for name, usd in exact.items()})
    return Cost(
        usd=sum(dict(items).values(), Decimal(0)),
        items=items,
        storage_usd_per_month=_storage(kept_bytes).quantize(_STEP),
        prices_of=prices.PRICES_OF,
        region=prices.REGION,
        note=note,
    )


def attempts(receipts: Sequence[Receipt]) -> int:
    """How often the job was planned; one that ended before that was claimed once at least."""
    return max(1, _count(receipts, "plan_render"))


def transitions_of(receipts: Sequence[Receipt], chunk_execution_type: ExecutionType) -> int:
    """State transitions, by the calls that the states made: a retry is a call, too.

    Each chunk's execution is one transition of its parent. A retry of a chunk counts as such a one
    here, and what a failing branch notes before its end isn't counted: a few at most.
    """
    plans, looks = _count(receipts, "plan_render"), _count(receipts, "take_live_snapshots")
    chunks, sounds = _count(receipts, "render_chunk"), _count(receipts, "render_audio")
    rendering = 0
    if looks:
        rendering = _STATES_OF_A_LOOK * looks - 1
    elif len(receipts) > plans:  # A job that failed as it was planned has rendered nothing.
        rendering = _STATES_OF_RENDERING * plans + max(plans, sounds)
    in_chunks = chunks if chunk_execution_type == "EXPRESS" else 2 * chunks
    around = _STATES_AROUND * attempts(receipts) + _STATES_OF_PLANNING * plans
    return around + rendering + in_chunks + _count(receipts, "take_snapshots")


def _compute(receipts: Sequence[Receipt]) -> Decimal:
    total = Decimal(0)
    for one in receipts:
        seconds = Decimal(one.billed_ms) / 1000
        gb_seconds = seconds * one.memory_mb / 1024
        extra_gb_seconds = seconds * max(0, one.storage_mb - _FREE_STORAGE_MB) / 1024
        total += prices.LAMBDA_GB_SECOND[one.architecture].of(gb_seconds)
        total += prices.LAMBDA_STORAGE_GB_SECOND.of(extra_gb_seconds)
    desk_s = Decimal(DESK_CALLS * DESK_MS * attempts(receipts)) / 1000
    architecture = receipts[0].architecture if receipts else "arm64"
    return total + prices.LAMBDA_GB_SECOND[architecture].of(desk_s * DESK_MB / 1024)


def _parts_bytes(receipts: Sequence[Receipt]) -> int:
    """What Assemble Render stores is the job's files, which stay."""
    workers = (one for one in receipts if one.function != "assemble_render")
    return sum(one.used.stored_bytes for one in workers)


def _express(receipts: Sequence[Receipt], buying: Buying) -> Decimal:
    """Of chunks' executions, which last a little longer than their calls."""
    if buying.chunk_execution_type != "EXPRESS":
        return Decimal(0)
    chunks = [one for one in receipts if one.function == "render_chunk"]
    steps = sum(math.ceil(one.billed_ms / _EXPRESS_STEP_MS) for one in chunks)
    gb_seconds = _EXPRESS_GB * steps * _EXPRESS_STEP_MS / 1000
    return prices.EXPRESS_REQUEST.of(len(chunks)) + prices.EXPRESS_GB_SECOND.of(gb_seconds)


def _s3_requests(receipts: Sequence[Receipt]) -> Decimal:
    puts = sum(one.used.s3_puts for one in receipts)
    gets = sum(one.used.s3_gets + ADDRESS_GETS * one.used.s3_addresses for one in receipts)
    return prices.S3_PUT.of(puts) + prices.S3_GET.of(gets)


def _dynamodb(receipts: Sequence[Receipt]) -> Decimal:
    tries = attempts(receipts)
    writes = math.fsum(one.used.write_units for one in receipts) + DESK_WRITE_UNITS * tries
    reads = math.fsum(one.used.read_units for one in receipts) + DESK_READ_UNITS * tries
    return prices.DYNAMODB_WRITE.of(writes) + prices.DYNAMODB_READ.of(reads)


def _messages() -> Decimal:
    """A job that was started directly had no message; that is let go."""
    queue = prices.SQS_FIFO_REQUEST.of(QUEUE_REQUESTS) + prices.PIPE_REQUEST.of(1)
    return queue + prices.EVENT.of(EVENTS)


def _around(calls: int, transitions: int) -> Decimal:
    log_bytes = LOG_BYTES_A_CALL * calls + LOG_BYTES_A_TRANSITION * transitions
    logs = prices.LOG_GB.of(Decimal(log_bytes) / _GB)
    return logs + prices.KMS_REQUEST.of(KMS_REQUESTS) + prices.TRACE.of(TRACES)


def _storage(size_bytes: int) -> Decimal:
    """For a month."""
    return prices.S3_GB_MONTH.of(Decimal(size_bytes) / _GB)


def _count(receipts: Sequence[Receipt], function: str) -> int:
    return sum(one.function == function for one in receipts)
