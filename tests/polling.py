"""Waiting for what another process or thread brings about."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

_POLL_S = 0.03
T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """What `look` sees, asked for until it is neither None nor False; fails with `what` was waited
    for."""
    deadline = time.monotonic() + seconds
    while (seen := look()) is None or seen is False:
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} s for {what}")
        time.sleep(_POLL_S)
    return seen
