"""Pictures that are taken side by side."""

import threading

import pytest

from functions.take_snapshots.shooting import AT_ONCE, at_once


def test_nothing_outlives_a_picture_that_failed() -> None:
    running, ended, begun = threading.Event(), threading.Event(), []

    def slow() -> None:
        running.set()
        ended.wait(0.2)
        ended.set()

    def fail() -> None:
        running.wait()
        raise ValueError("the picture")

    with pytest.raises(ValueError, match="the picture"), at_once() as threads:
        threads.submit(slow)
        failing = threads.submit(fail)
        waiting = [threads.submit(begun.append, number) for number in range(AT_ONCE + 20)]
        failing.result()

    assert ended.is_set()
    assert all(one.done() for one in waiting)
