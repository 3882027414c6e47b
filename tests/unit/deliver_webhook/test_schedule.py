"""When a failed webhook is tried again."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from functions.deliver_webhook.schedule import DELAYS_S, MOST_ATTEMPTS, delay_s
from tests.unit.conftest import NOW

LEAST, MOST = (lambda: 0.0), (lambda: 1.0)
SQS_LONGEST_S = 12 * 3600


def test_attempts_come_less_and_less_often_for_about_a_day() -> None:
    delays = [delay_s(attempt, None, NOW, LEAST) for attempt in range(1, MOST_ATTEMPTS)]
    assert delays == list(DELAYS_S)
    assert delays[:5] == [5, 30, 120, 600, 3600]
    assert delays == sorted(DELAYS_S)
    assert 20 * 3600 < sum(DELAYS_S) < 28 * 3600


def test_the_last_attempt_is_followed_by_none() -> None:
    assert delay_s(MOST_ATTEMPTS, None, NOW, LEAST) is None
    assert delay_s(MOST_ATTEMPTS + 1, "5", NOW, LEAST) is None


def test_what_failed_together_comes_back_apart_and_never_too_late_for_sqs() -> None:
    assert delay_s(3, None, NOW, LEAST) == 120
    assert delay_s(3, None, NOW, MOST) == 144
    latest = delay_s(MOST_ATTEMPTS - 1, "9999999", NOW, MOST)
    assert latest is not None
    assert latest < SQS_LONGEST_S


@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        ("90", 90),
        (" 90 ", 90),
        ("1", 30),  # sooner than planned is not what it asks for
        ("999999999999999999999", 21_600),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=9), usegmt=True), 30),
        ("", 30),
        ("soon", 30),
        ("-5", 30),
        ("1.5", 30),
        ("٣٣٣", 30),
        ("Sat, 21 Nov 2026 12:01:30", 30),  # of no zone
        (None, 30),
    ],
)
def test_a_receiver_may_ask_for_more_time_within_bounds(asked: str | None, delay: int) -> None:
    assert delay_s(2, asked, NOW, LEAST) == delay
