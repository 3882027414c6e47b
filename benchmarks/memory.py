"""Peak memory of each function over the jobs that an embedded stack has run, from its own logs."""

import json
from collections import defaultdict
from typing import Any

from local.embedded import EmbeddedAws


def peak_memory_mb(aws: EmbeddedAws) -> dict[str, int]:
    """Function → the most MB that its process and its largest child held, added."""
    logs = aws.client("logs")
    peaks: dict[str, int] = defaultdict(int)
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        for page in pages:
            for event in page["events"]:
                line = _line(event["message"])
                if "peak_mb" in line:
                    held = (line["peak_mb"] or 0) + line["peak_child_mb"]
                    peaks[line["service"]] = max(peaks[line["service"]], held)
    return dict(sorted(peaks.items()))


def _line(message: str) -> dict[str, Any]:
    try:
        read = json.loads(message)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
