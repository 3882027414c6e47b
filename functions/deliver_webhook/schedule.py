"""When a webhook that was not taken is tried again. Seconds."""

import math
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

DELAYS_S = (5, 30, 120, 600, 3_600, 10_800, 21_600, 21_600, 21_600)
"""After the first attempt, the second, …; about 22 hours in all."""
MOST_ATTEMPTS = len(DELAYS_S) + 1
"""Receives of a message before the queue gives it up (infrastructure/webhooks.py)."""
_LONGEST_S = max(DELAYS_S)
_JITTER = 0.2


def delay_s(
    attempt: int, retry_after: str | None, now: datetime, random: Callable[[], float]
) -> int | None:
    """How long to wait after `attempt` (from 1 on) failed; None: it was the last.

    At least what the receiver asked for by `Retry-After`, as far as the longest delay goes; a
    little more by chance (`random` gives 0 to 1), so that what failed together doesn't come back
    together.
    """
    if attempt >= MOST_ATTEMPTS:
        return None
    asked = min(_asked_s(retry_after, now), _LONGEST_S)
    return math.ceil(max(DELAYS_S[attempt - 1], asked) * (1 + _JITTER * random()))


def _asked_s(retry_after: str | None, now: datetime) -> float:
    """Seconds, or a date; 0 where it is neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):  # no date, or one without a zone
        return 0.0
