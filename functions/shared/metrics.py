"""Metrics, embedded in the log's lines: CloudWatch makes metrics of what a line's `_aws` names.

The line is one that is logged anyway, so each value stands beside its job, execution and error.
The format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

Unit = Literal["Count", "None", "Seconds"]

NAMESPACE = "Reelwright"
DIMENSION = "stack"
"""The only one: each more of its values would be another metric to pay for."""
UNITS: Mapping[str, Unit] = {
    "Failed": "None",
    "WaitSeconds": "Seconds",
    "RenderSeconds": "Seconds",
    "Snapshots": "Count",
    "CostUsd": "None",
    "JobsWaiting": "Count",
    "JobsRendering": "Count",
    "LongestTurnSeconds": "Seconds",
    "Mended": "Count",
}
"""Every metric of ours. `Failed` is 1 of a job that failed and 0 of one that was completed: its
average is the rate, its sum the failures, and the number of its samples the ends."""


def embedded(stack: str | None, now: datetime, values: Mapping[str, float]) -> dict[str, Any]:
    """What a line of the log says besides, so that `values` are metrics of this stack.

    Without a stack, or values, nothing: the stage has no use for metrics.
    """
    if not stack or not values:
        return {}
    named = [{"Name": name, "Unit": UNITS[name]} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": named}
    about = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": about, DIMENSION: stack, **values}
