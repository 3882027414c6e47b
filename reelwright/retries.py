"""Trying again: which failures pass, how often to try and how long to wait between."""

import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
from requests import exceptions as faults

PASSING_STATUS = frozenset({429, 500, 502, 503, 504})
_FINAL = (faults.SSLError, faults.InvalidURL, faults.MissingSchema, faults.InvalidSchema)
_PASSING = (faults.ConnectionError, faults.Timeout, faults.ChunkedEncodingError)


def may_pass(fault: Exception) -> bool:
    """Whether another try may not meet this fault of the network."""
    return isinstance(fault, _PASSING) and not isinstance(fault, _FINAL)


@dataclass(frozen=True)
class Retries:
    """Waits grow twofold from `first_s` up to `cap_s`; the whole of each is jitter."""

    tries: int = 5
    first_s: float = 0.3
    cap_s: float = 20.0
    sleep: Callable[[float], None] = time.sleep

    def wait(self, tried: int, asked_s: float = 0.0) -> None:
        """`tried` counts from 1; `asked_s` is what the server asked for, kept to up to the cap."""
        ceiling_s = min(self.cap_s, self.first_s * 2.0 ** (tried - 1))
        drawn_s = random.uniform(0, ceiling_s)  # noqa: S311 - spreads callers, hides nothing
        self.sleep(max(drawn_s, min(asked_s, self.cap_s)))

    def answer(self, attempt: Callable[[], requests.Response]) -> requests.Response:
        """The first answer that is no passing fault, or the last one there was.

        Raises the last of requests' exceptions if no answer came at all.
        """
        for tried in range(1, self.tries):
            try:
                answer = attempt()
            except faults.RequestException as fault:
                if not may_pass(fault):
                    raise
                self.wait(tried)
                continue
            if answer.status_code not in PASSING_STATUS:
                return answer
            answer.close()
            self.wait(tried, _asked_s(answer))
        return attempt()


def _asked_s(answer: requests.Response) -> float:
    """Seconds by the Retry-After header; a date there is not read."""
    with contextlib.suppress(ValueError):
        return float(answer.headers.get("Retry-After", 0))
    return 0.0
