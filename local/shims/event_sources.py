"""Event source mappings as Lambda runs them, where the engine does less.

Streams: it knows neither partial failures nor bisecting, tries a failed batch again for ever, and
calls the function from the thread that polls everything else. FIFO queues: it delivers one message
at a time, whatever its group, so that one group holds up all others.
"""

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.shims import engine_module, replace, require, symbol
from local.shims.permissions import may_send

_NEEDED = (
    "_apply_filter_criteria",
    "_dispatch_esm_batch",
    "_dynamodb_stream_positions",
    "_dynamodb_stream_positions_lock",
    "_dynamodb_stream_table_from_arn_spec",
    "_esm_backoff_until",
    "_esm_inflight",
    "_esms",
    "_execute_function",
    "_get_func_record_for_qualifier",
    "_iter_all_esms",
    "_poll_sqs",
    "_request_account_id",
    "_request_region",
    "_send_ddb_stream_failure_record",
    "_sqs_esm_concurrency",
    "parse_arn",
)
_RETRY_S = 1.0


def install() -> None:
    """Read streams by `Streams`; deliver single messages of different groups side by side."""
    functions = engine_module("services.lambda_svc")
    require(functions, *_NEEDED)
    streams = Streams(functions, engine_module("services.dynamodb"))
    replace(functions, "_poll_dynamodb_streams", lambda _original: streams.poll)
    replace(functions, "_sqs_esm_concurrency", _concurrency)


def _concurrency(original: Any) -> Any:
    """In batches of one, SQS itself keeps a group in order."""

    def allowed(esm: Any, function: Any, config: Any, queue: Any = None) -> int:
        single = int(esm.get("BatchSize", 10)) == 1
        most: int = original(esm, function, config, None if single else queue)
        return most

    return allowed


@dataclass(frozen=True)
class _Piece:
    """A range of the stream that is handed over in one call."""

    start: int
    end: int
    tries: int = 0
    """Failed so far; splitting does not count."""


@dataclass
class _Reader:
    """How far one mapping is; its stream has one shard here."""

    table: str
    pieces: deque[_Piece] = field(default_factory=deque)


class Streams:
    """Every mapping of a table's stream to a function."""

    def __init__(self, functions: Any, dynamodb: Any) -> None:
        require(dynamodb, "_tables", "stream_end_position", "stream_records_since")
        require(dynamodb, "stream_start_position")
        self._functions = functions
        self._dynamodb = dynamodb
        self._readers: dict[str, _Reader] = {}

    def _of(self, name: str) -> Any:
        """A part of the engine's Lambda, as it is now."""
        return symbol(self._functions, name)

    def poll(self) -> bool:
        """Start what can be started. True: there was something."""
        mappings = list(self._of("_iter_all_esms")())
        known = {esm["UUID"] for _, _, esm in mappings}
        self._readers = {name: one for name, one in self._readers.items() if name in known}
        started = False
        for account, region, esm in mappings:
            with self._scope(account, region):
                started |= self._start(esm)
        return started

    @contextlib.contextmanager
    def _scope(self, account: str, region: str) -> Iterator[None]:
        """The engine keeps its records by account and region."""
        of_account = self._of("_request_account_id")
        of_region = self._of("_request_region")
        tokens = of_account.set(account), of_region.set(region)
        try:
            yield
        finally:
            of_account.reset(tokens[0])
            of_region.reset(tokens[1])

    def _start(self, esm: dict[str, Any]) -> bool:
        name = esm["UUID"]
        table = self._table(esm)
        function, _ = self._of("_get_func_record_for_qualifier")(
            esm["FunctionName"], esm.get("Qualifier")
        )
        waits = self._of("_esm_backoff_until").get(name, 0) > time.time()
        if table is None or function is None or waits or self._of("_esm_inflight").get(name):
            return False
        reader = self._readers.setdefault(name, _Reader(table))
        if not reader.pieces:
            start = self._position(esm, table)
            end = min(self._dynamodb.stream_end_position(table), start + int(esm["BatchSize"]))
            if end <= start:
                return False
            reader.pieces.append(_Piece(start, end))
        self._of("_dispatch_esm_batch")(name, self._hand_over, esm, function, reader)
        return True

    def _table(self, esm: dict[str, Any]) -> str | None:
        """The table whose stream, as it is now, the mapping reads."""
        source = esm.get("EventSourceArn", "")
        if not esm.get("Enabled", True) or ":dynamodb:" not in source:
            return None
        named = self._of("_dynamodb_stream_table_from_arn_spec")(self._of("parse_arn")(source))
        table = symbol(self._dynamodb, "_tables").get(named[0]) if named else None
        return str(named[0]) if table and table.get("LatestStreamArn") == source else None

    def _position(self, esm: dict[str, Any], table: str) -> int:
        horizon: int = self._dynamodb.stream_start_position(table)
        latest = esm.get("StartingPosition") == "LATEST"
        first = self._dynamodb.stream_end_position(table) if latest else horizon
        with self._of("_dynamodb_stream_positions_lock"):
            known = self._of("_dynamodb_stream_positions")
            known[esm["UUID"]] = max(known.get(esm["UUID"], first), horizon)
            return int(known[esm["UUID"]])

    def _hand_over(self, esm: dict[str, Any], function: dict[str, Any], reader: _Reader) -> None:
        """Call the function with one piece, and see to what it could not do."""
        piece = reader.pieces.popleft()
        records = self._dynamodb.stream_records_since(
            reader.table, piece.start, piece.end - piece.start
        )
        wanted = self._of("_apply_filter_criteria")(records, esm)
        answer: dict[str, Any] = {}
        if wanted:
            answer = self._of("_execute_function")(function, {"Records": wanted})
        left = _left(piece, records, esm, answer)
        if not left or left[0].start > piece.start:
            self._reach(esm, left[0].start if left else piece.end)
        if left:
            self._of("_esm_backoff_until")[esm["UUID"]] = time.time() + _RETRY_S
        if left and (why := _given_up(left[0], records, piece, esm)):
            lost = records[left[0].start - piece.start : left[0].end - piece.start]
            target = esm.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
            if may_send(function, target):
                self._of("_send_ddb_stream_failure_record")(
                    esm, function, lost, esm["EventSourceArn"], answer, why
                )
            self._reach(esm, left[0].end)
            left = left[1:]
        reader.pieces.extendleft(reversed(left))

    def _reach(self, esm: dict[str, Any], position: int) -> None:
        with self._of("_dynamodb_stream_positions_lock"):
            self._of("_dynamodb_stream_positions")[esm["UUID"]] = position


def _left(
    piece: _Piece, records: list[dict[str, Any]], esm: dict[str, Any], answer: dict[str, Any]
) -> list[_Piece]:
    """What of the piece is to be handed over again."""
    if answer.get("throttle"):
        return [piece]
    if answer.get("error"):
        middle = (piece.start + piece.end) // 2
        if esm.get("BisectBatchOnFunctionError") and piece.end - piece.start > 1:
            return [
                _Piece(piece.start, middle, piece.tries),
                _Piece(middle, piece.end, piece.tries),
            ]
        return [_Piece(piece.start, piece.end, piece.tries + 1)]
    failed = _failed(esm, answer)
    if not failed:
        return []
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    first = min((numbers.index(one) for one in failed if one in numbers), default=0)
    tries = 0 if first else piece.tries + 1
    return [_Piece(piece.start + first, piece.end, tries)]


def _failed(esm: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """Sequence numbers that the function reports."""
    body = answer.get("body")
    if "ReportBatchItemFailures" not in esm.get("FunctionResponseTypes", []):
        return []
    told = body.get("batchItemFailures") if isinstance(body, dict) else None
    return [str(one.get("itemIdentifier", "")) for one in told or []]


def _given_up(
    left: _Piece, records: list[dict[str, Any]], piece: _Piece, esm: dict[str, Any]
) -> str | None:
    """Why a piece is not tried again, as the destination's record says it."""
    most = int(esm.get("MaximumRetryAttempts", -1))
    if 0 <= most < left.tries:
        return "RetryAttemptsExhausted"
    oldest_s = int(esm.get("MaximumRecordAgeInSeconds", -1))
    written = records[left.start - piece.start]["dynamodb"]["ApproximateCreationDateTime"]
    too_old = oldest_s > 0 and time.time() - float(written) > oldest_s
    return "MaxRecordAgeExceeded" if too_old else None
