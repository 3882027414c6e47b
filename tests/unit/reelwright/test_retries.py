"""Which failures are met with another try, and after how long."""

import io
from typing import Any

import pytest
import requests

from reelwright.retries import Retries


def answering(status: int, **headers: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer.raw = io.BytesIO()
    answer.headers.update(headers)
    return answer


class Attempts:
    """Answers, or raises, one thing after the other."""

    def __init__(self, *outcomes: Any) -> None:
        self._outcomes = list(outcomes)
        self.made = 0

    def __call__(self) -> requests.Response:
        self.made += 1
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, requests.Response)
        return outcome


@pytest.mark.aws("api-throttle")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_answer_is_tried_again(retries: Retries, status: int) -> None:
    attempts = Attempts(answering(status), answering(200))
    assert retries.answer(attempts).status_code == 200


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 422, 501])
def test_any_other_answer_is_final(retries: Retries, status: int) -> None:
    attempts = Attempts(answering(status))
    assert retries.answer(attempts).status_code == status


@pytest.mark.parametrize(
    "fault",
    [
        requests.ConnectionError(),
        requests.ReadTimeout(),
        requests.exceptions.ChunkedEncodingError(),
    ],
)
def test_a_broken_connection_is_tried_again(retries: Retries, fault: Exception) -> None:
    assert retries.answer(Attempts(fault, answering(200))).status_code == 200


@pytest.mark.parametrize(
    "fault", [requests.exceptions.SSLError(), requests.exceptions.InvalidURL()]
)
def test_what_will_not_pass_is_raised_at_once(retries: Retries, fault: Exception) -> None:
    attempts = Attempts(fault, answering(200))
    with pytest.raises(type(fault)):
        retries.answer(attempts)
    assert attempts.made == 1


def test_tries_are_counted(retries: Retries, waits: list[float]) -> None:
    attempts = Attempts(*[answering(503)] * retries.tries)
    assert retries.answer(attempts).status_code == 503
    assert (attempts.made, len(waits)) == (retries.tries, retries.tries - 1)


def test_the_last_fault_is_raised(retries: Retries) -> None:
    attempts = Attempts(*[requests.ConnectionError(str(number)) for number in range(9)])
    with pytest.raises(requests.ConnectionError, match=str(retries.tries - 1)):
        retries.answer(attempts)


def test_waits_are_drawn_below_a_ceiling_that_doubles_up_to_the_cap() -> None:
    slept: list[float] = []
    retries = Retries(first_s=1.0, cap_s=10.0, sleep=slept.append)
    for tried, ceiling_s in ((1, 1.0), (2, 2.0), (4, 8.0), (5, 10.0), (50, 10.0)):
        slept.clear()
        for _ in range(200):
            retries.wait(tried)
        assert 0 <= min(slept) < ceiling_s / 4
        assert ceiling_s * 3 / 4 < max(slept) <= ceiling_s


@pytest.mark.parametrize(("asked", "slept_s"), [("7", 7.0), ("3600", 20.0), ("soon", 0.0)])
def test_the_server_says_how_long_to_wait_within_the_cap(
    waits: list[float], asked: str, slept_s: float
) -> None:
    retries = Retries(tries=2, first_s=0.0, sleep=waits.append)
    retries.answer(Attempts(answering(429, **{"Retry-After": asked}), answering(200)))
    assert waits == [slept_s]
