"""Waiting for what another process or thread brings about."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

_SHORTEST_S = 0.02
_LONGEST_S = 0.15
T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    """What `look` sees, asked for until it is neither None nor False; fails with `what` was waited
    for."""
    begun = time.monotonic()
    while (seen := look()) is None or seen is False:
        waited = time.monotonic() - begun
        if waited > seconds:
            pytest.fail(f"waited {seconds} s for {what}")
        # A look costs those who are waited for some of their time.
        time.sleep(min(max(waited / 10, _SHORTEST_S), _LONGEST_S))
    return seen
