"""Values as DynamoDB writes them, `{"S": "text"}`, and back.

boto3 has the same; but to import it costs a function's start more than all of ours does.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def to_dynamo(value: object) -> dict[str, Any]:
    """TypeError for what has no exact counterpart: a float, a set, bytes."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case dict():
            return {"M": {key: to_dynamo(each) for key, each in value.items()}}
        case list() | tuple():
            return {"L": [to_dynamo(each) for each in value]}
        case _:
            raise TypeError(f"A {type(value).__name__} can't be kept in a table.")


def from_dynamo(written: Mapping[str, Any]) -> Any:
    """A number is a Decimal. TypeError for kinds that no row of ours has."""
    [(kind, value)] = written.items()
    match kind:
        case "NULL":
            return None
        case "BOOL" | "S":
            return value
        case "N":
            return Decimal(value)
        case "M":
            return {key: from_dynamo(each) for key, each in value.items()}
        case "L":
            return [from_dynamo(each) for each in value]
        case _:
            raise TypeError(f"A row holds a value of the kind {kind!r}, which none of ours has.")
