"""Values of CDK's context: text when they come from the command line, anything in cdk.json."""

import json
from typing import Any


def number(value: Any) -> Any:
    """`-c log_retention_days=7` arrives as text, which a Literal would refuse."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def records(value: Any) -> Any:
    """`-c ivs_channels='[{"arn": …}]'` arrives as text, too."""
    try:
        return tuple(json.loads(value)) if isinstance(value, str) else tuple(value)
    except (TypeError, ValueError):
        return value


def words(value: Any) -> Any:
    """`-c source_buckets=a,b` arrives as text; cdk.json may hold a list."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def pairs(value: Any) -> Any:
    """`-c tags=team=video,cost-centre=42`; cdk.json may hold an object."""
    if not isinstance(value, str):
        return value
    found = [pair.partition("=") for pair in value.split(",") if pair.strip()]
    if not all(is_there for _, is_there, _ in found):
        return value
    return {name.strip(): text.strip() for name, _, text in found}
