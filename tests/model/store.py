"""DynamoDB as MiniStack evaluates it, called in this process without a socket.

The engine parses and evaluates every condition itself; nothing here knows what one means.
"""

import json
from collections.abc import Coroutine
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import dynamodb

_TABLES = {
    "jobs": [("job_id", "S", "HASH")],
    "turns": [("lane", "S", "HASH"), ("sequence", "N", "RANGE")],
}


class Store:
    """Two empty tables, of which the process has one pair: a new store empties the old one."""

    def __init__(self) -> None:
        dynamodb.reset()
        for name, keys in _TABLES.items():
            request = {
                "TableName": name,
                "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, _, kind in keys],
                "AttributeDefinitions": [
                    {"AttributeName": key, "AttributeType": type_} for key, type_, _ in keys
                ],
                "BillingMode": "PAY_PER_REQUEST",
            }
            self.call("CreateTable", request)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """What botocore does over HTTP: JSON in, JSON or ClientError out."""
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        body = json.dumps(request).encode()
        status, _, text = _run(dynamodb.handle_request("POST", "/", headers, body, {}))
        answer: dict[str, Any] = json.loads(text)
        if status == 200:
            return answer
        code = answer["__type"].rpartition("#")[2]
        error: Any = {"Error": {"Code": code, "Message": answer.get("message", "")}, **answer}
        raise ClientError(error, operation)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The table as it is, past all requests: what the invariants are read from."""
        return [
            {field: _plain(value) for field, value in item.items()}
            for items in dynamodb._tables[table]["items"].values()
            for item in items.values()
        ]


def _run(request: Coroutine[Any, Any, Any]) -> Any:
    """The engine's entry is a coroutine that never waits for anything."""
    try:
        request.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("The engine waited: it needs an event loop now.")


def _plain(value: dict[str, Any]) -> Any:
    ((kind, held),) = value.items()
    if kind == "M":
        return {field: _plain(inner) for field, inner in held.items()}
    return int(held) if kind == "N" else held
