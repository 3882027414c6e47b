"""What functions ask of DynamoDB, counted on its way and told apart by what it is for."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import boto3
import pytest

from benchmarks.load.counting import Call, CountingProxy
from benchmarks.load.usage import is_granting, of_jobs, usage
from local.loopback_server import LoopbackServer

JOB: dict[str, Any] = {"TableName": "jobs", "Key": {"job_id": {"S": "a"}}}
TURN: dict[str, Any] = {
    "TableName": "turns",
    "Key": {"lane": {"S": "key/k"}, "sequence": {"N": "2"}},
}
COUNTER = {"TableName": "turns", "Key": {"lane": {"S": "key/k"}, "sequence": {"N": "0"}}}
COUNT = {"TableName": "turns", "Key": {"lane": {"S": "#granted"}, "sequence": {"N": "0"}}}
CANCELLED = {"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"}


def transact(*items: dict[str, Any], answer: Any = None, function: str = "FinishJob") -> Call:
    content = json.dumps(answer or {"ConsumedCapacity": [{"CapacityUnits": 2.0 * len(items)}]})
    status = 400 if answer else 200
    return Call(
        0, function, "TransactWriteItems", {"TransactItems": items}, status, content.encode()
    )


def test_writes_are_named_by_what_they_change() -> None:
    end = transact({"Update": JOB}, {"Delete": TURN}, {"Update": COUNT})
    queued = {**JOB["Key"], **TURN["Key"], "status": {"S": "QUEUED"}}
    new = {"TableName": "jobs", "Item": queued}
    registered = transact(
        {"Put": new},
        {"Put": {"TableName": "turns", "Item": {**TURN["Key"], **JOB["Key"]}}},
        {"Update": COUNTER},
    )
    found = usage([end, end, registered])
    assert [(step.what, step.requests, step.items, step.units) for step in found.writes] == [
        ("update job + delete turn + update count", 2, 6, 12),
        ("put job + put turn + update lane's counter", 1, 3, 6),
    ]
    assert found.reads == []


def test_a_refused_write_is_counted_and_costs_what_it_would_have() -> None:
    single = Call(
        *(0, "RequestTurn", "UpdateItem", TURN, 400),
        json.dumps({"__type": "ConditionalCheckFailedException"}).encode(),
    )
    refused = transact({"Update": TURN}, {"Update": COUNT}, answer=CANCELLED)
    first, second = usage([refused, single]).writes
    assert (first.requests, first.refused, first.units) == (1, 1, 4)
    assert (second.requests, second.refused, second.units) == (1, 1, 1)


def test_a_throttled_write_is_no_refusal() -> None:
    throttled = {"__type": "ThrottlingException"}
    (step,) = usage([transact({"Update": JOB}, answer=throttled)]).writes
    assert (step.refused, step.units) == (0, 0)


@pytest.mark.parametrize(("size", "units"), [(10, 1), (4096, 1), (4097, 2)])
def test_a_consistent_read_costs_a_unit_for_each_4_kb(size: int, units: int) -> None:
    answer = b'{"Count": 3}'.ljust(size)
    (step,) = usage([Call(0, "F", "Scan", {"TableName": "turns"}, 200, answer)]).reads
    assert (step.what, step.units, step.returned_items) == ("scan turns", units, 3)


def test_calls_belong_to_the_job_they_name_and_else_to_the_turns_job() -> None:
    rows = {"a": {"lane": "key/k", "sequence": 2}}
    token = Call(0, "RequestTurn", "UpdateItem", TURN, 200, b"{}")
    read = Call(0, "RequestTurn", "GetItem", JOB, 200, b"{}")
    other = {**JOB, "Key": {"job_id": {"S": "b"}}}
    # b was refused; the number it would have had is a's by now.
    of_other = transact({"Update": other}, {"Update": TURN}, answer=CANCELLED)
    scan = Call(0, "RequestTurn", "Scan", {"TableName": "turns"}, 200, b"{}")
    assert list(of_jobs([token, read, of_other, scan], rows)) == [token, read]


def test_granting_is_what_looks_at_all_turns_or_changes_the_count_alone() -> None:
    def read(what: dict[str, Any]) -> Call:
        return Call(0, "RequestTurn", "GetItem", what, 200, b"{}")

    assert is_granting(transact({"Update": TURN}, {"Update": COUNT}))
    assert is_granting(Call(0, "RequestTurn", "Scan", {"TableName": "turns"}, 200, b"{}"))
    assert is_granting(read(COUNT))
    assert not is_granting(transact({"Update": JOB}, {"Delete": TURN}, {"Update": COUNT}))
    assert not is_granting(transact({"Update": JOB}, {"Update": TURN}))
    assert not is_granting(Call(0, "RequestTurn", "UpdateItem", TURN, 200, b"{}"))
    assert not is_granting(read(TURN))
    assert not is_granting(read(JOB))


@pytest.fixture
def dynamodb() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """(endpoint, (path, body) of each request): a server that has one item."""
    seen: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, body))
            content = b'{"Item": {"job_id": {"S": "a"}}}'
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with LoopbackServer(Handler) as server:
        yield f"http://127.0.0.1:{server.port}", seen


def test_the_proxy_passes_on_and_keeps_what_boto3_asks(
    dynamodb: tuple[str, list[tuple[str, Any]]],
) -> None:
    endpoint, seen = dynamodb
    with CountingProxy(endpoint) as proxy:
        client = boto3.client("dynamodb", endpoint_url=proxy.address("ClaimJob"))
        found = client.get_item(TableName="jobs", Key={"job_id": {"S": "a"}})
        client.close()
    assert found["Item"] == {"job_id": {"S": "a"}}
    (call,) = proxy.calls
    assert (call.function, call.operation, call.request) == ("ClaimJob", "GetItem", JOB)
    assert seen == [("/", {**JOB, "ReturnConsumedCapacity": "TOTAL"})]
