"""Pictures that are taken side by side."""

import threading
from concurrent.futures import Future

import pytest

from functions.take_snapshots.shooting import AT_ONCE, at_once


def test_nothing_outlives_a_picture_that_failed() -> None:
    running, ended = threading.Event(), threading.Event()
    begun: list[int] = []
    waiting: list[Future[None]] = []

    def slow() -> None:
        running.set()
        ended.wait(0.2)
        ended.set()

    def fail() -> None:
        running.wait()
        raise ValueError("the picture")

    def take() -> None:
        with at_once() as threads:
            threads.submit(slow)
            failing = threads.submit(fail)
            waiting.extend(threads.submit(begun.append, n) for n in range(AT_ONCE + 20))
            failing.result()

    with pytest.raises(ValueError, match="the picture"):
        take()

    assert ended.is_set()
    assert all(one.done() for one in waiting)
