"""Tells EventBridge of an execution's status, with the fields AWS documents."""

import datetime
import json
from typing import Any

from local.shims import engine_module, symbol

_MAX_PAYLOAD_CHARS = 248 * 1024
_REDRIVABLE = ("FAILED", "TIMED_OUT", "ABORTED")


def publish(record: dict[str, Any]) -> None:
    """Send the status-change event of a Standard execution to the default bus."""
    status = record["status"]
    is_redrivable = status in _REDRIVABLE
    detail = {
        "executionArn": record["executionArn"],
        "stateMachineArn": record["stateMachineArn"],
        "name": record["name"],
        "status": status,
        "startDate": _epoch_ms(record["startDate"]),
        "stopDate": _epoch_ms(record["stopDate"]),
        **_payload("input", record["input"]),
        **_payload("output", record["output"]),
        "stateMachineVersionArn": record.get("stateMachineVersionArn"),
        "stateMachineAliasArn": record.get("stateMachineAliasArn"),
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "REDRIVABLE" if is_redrivable else "NOT_REDRIVABLE",
        "redriveStatusReason": None
        if is_redrivable
        else f"Execution is {status} and cannot be redriven",
        "error": record.get("error"),
        "cause": record.get("cause"),
    }
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(detail),
        "Resources": [record["executionArn"]],
    }
    send = symbol(engine_module("services.eventbridge"), "_put_events")
    send({"Entries": [entry]}, allow_aws_source=True)


def _payload(name: str, text: str | None) -> dict[str, Any]:
    """An input or output, left out where it is too large for an event."""
    if text is None:
        return {name: None, f"{name}Details": None}
    fits = len(text) <= _MAX_PAYLOAD_CHARS
    return {name: text if fits else None, f"{name}Details": {"included": fits}}


def _epoch_ms(moment: str | None) -> int | None:
    if moment is None:
        return None
    return int(datetime.datetime.fromisoformat(moment).timestamp() * 1000)
