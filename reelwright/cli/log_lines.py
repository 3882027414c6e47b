"""Log records and events as lines for people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from reelwright.cli import output

_SHOWN = frozenset({"level", "message", "timestamp", "function", "service", "job_id", "location"})
_DULL = frozenset({"function_request_id", "xray_trace_id", "cold_start", "sampling_rate"})
_COLOURS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def line(record: Mapping[str, Any]) -> Text:
    """Time, function, level, message, then the other keys."""
    level = str(record.get("level", ""))
    more = " ".join(f"{key}={value}" for key, value in record.items() if key not in _SHOWN | _DULL)
    return Text.assemble(
        (f"{_clock(str(record.get('timestamp', '')))}  ", "dim"),
        f"{record.get('function') or record.get('service') or '':16}  ",
        (f"{level:7}  ", _COLOURS.get(level, "")),
        str(record.get("message", "")),
        (f"  {more}" if more else "", "dim"),
    )


def event(content: Mapping[str, Any]) -> Text:
    """Time, job, what became of it, and why."""
    job = content["detail"]
    error = job.get("error") or {}
    return Text.assemble(
        (f"{_clock(str(content['time']))}  ", "dim"),
        f"{job['job_id']}  {content['detail-type']}  ",
        output.status(job["status"]),
        f"  {error['name']}: {error['message']}" if error else "",
    )


def _clock(stamp: str) -> str:
    """By this machine's zone; what is no time is left as it is."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return moment.astimezone().strftime("%H:%M:%S.%f")[:-3]
