"""Random histories by the thousand, each repeatable from its number."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from functions.shared.transactions import transact
from tests.model.history import MOST, History
from tests.model.watch import Violation

CHOICES = 120
"""Of one history. Longer ones find no more, per second."""


def choices_of(number: int) -> list[int]:
    random = Random(number)  # noqa: S311 - not a secret
    return [random.randrange(MOST) for _ in range(CHOICES)]


@contextmanager
def no_pauses() -> Iterator[None]:
    """Transactions that conflict are tried again at once: who goes first is the history's say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(transact.__kwdefaults__, "pause", lambda _: None)
        yield


def first_broken(numbers: range, seen: Counter[str]) -> tuple[int, Violation] | None:
    """The first of these histories that breaks a promise."""
    for number in numbers:
        history = History(choices_of(number))
        try:
            history.play()
        except Violation as violation:
            return number, violation
        finally:
            seen.update(history.seen)
            seen["histories"] += 1
    return None
