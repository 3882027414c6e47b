"""What follows from what is known of a stream. Pure."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from functions.shared import errors
from functions.shared.errors import (
    ReelwrightError,
    RenderTimedOut,
    SourceUnreachable,
    StreamNotUp,
    StreamStalled,
    TransientError,
)
from functions.shared.plan import LivePlan
from functions.shared.stamps import stamp
from functions.shared.web import bare
from functions.take_live_snapshots.watch import Watch

_NOT_THERE = (RenderTimedOut, SourceUnreachable, TransientError)


def due(plan: LivePlan, watch: Watch, until_s: float) -> list[int]:
    """The moments that have come and were not seen to."""
    if watch.started_s is None:
        return []
    numbers = range(watch.next_index, len(plan.moments_s))
    return [number for number in numbers if watch.started_s + plan.moments_s[number] <= until_s]


def notes(plan: LivePlan, watch: Watch) -> Iterator[str]:
    planned = len(plan.moments_s)
    missing = planned - len(watch.taken)
    if missing and watch.trouble:
        yield (
            f"{missing} of {planned} pictures are missing: {watch.trouble.said}"
            f" ({watch.trouble.name})"
        )


def reason(plan: LivePlan, watch: Watch) -> ReelwrightError:
    """The last trouble by its own name; a stream that never was there was not up."""
    trouble = watch.trouble
    if trouble is None:
        return StreamStalled(f"No picture was had of {bare(plan.source)}.")
    kind: type[ReelwrightError] = getattr(errors, trouble.name)
    if watch.started_s is None and issubclass(kind, _NOT_THERE):
        return StreamNotUp(f"It was waited for {plan.wait_s:g} s: {trouble.said}")
    return kind(trouble.said)


def moment(at_s: float) -> str:
    """As records hold it."""
    return stamp(datetime.fromtimestamp(at_s, UTC))


def whole_seconds(at_s: float) -> str:
    """As a Wait state takes it, not before `at_s`."""
    at = datetime.fromtimestamp(math.ceil(at_s), UTC)
    return at.isoformat().replace("+00:00", "Z")
