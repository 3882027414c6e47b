"""Reads a log's line as CloudWatch does, by its specification of embedded metrics."""

import time
from typing import Any

from functions.shared.metrics import DIMENSION, NAMESPACE, UNITS

_TWO_WEEKS_MS, _TWO_HOURS_MS = 14 * 86_400_000, 7_200_000
_CLOUDWATCH_UNITS = {"Seconds", "Count", "None"}
"""Of CloudWatch's units, those in use here."""


def metrics_in(line: dict[str, Any], *, at_ms: float | None = None) -> dict[str, float]:
    """The values a line says, once it is seen to be valid; none where it embeds no metrics.

    `at_ms`: the time to judge its timestamp by, now unless told.
    """
    if "_aws" not in line:
        return {}
    assert set(line["_aws"]) == {"Timestamp", "CloudWatchMetrics"}
    age_ms = (time.time() * 1000 if at_ms is None else at_ms) - line["_aws"]["Timestamp"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert -_TWO_HOURS_MS < age_ms < _TWO_WEEKS_MS
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert directive["Namespace"] == NAMESPACE
    assert directive["Dimensions"] == [[DIMENSION]]
    assert isinstance(line[DIMENSION], str)
    assert line[DIMENSION]
    found = {}
    for metric in directive["Metrics"]:
        assert set(metric) == {"Name", "Unit"}
        assert metric["Unit"] in _CLOUDWATCH_UNITS
        assert metric["Unit"] == UNITS[metric["Name"]]
        value = line[metric["Name"]]
        assert isinstance(value, int | float)
        assert not isinstance(value, bool)
        found[metric["Name"]] = value
    assert found
    return found
