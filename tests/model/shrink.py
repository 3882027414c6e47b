"""Making a history that breaks a promise short enough to be read."""

from collections.abc import Iterator

from tests.model.history import History
from tests.model.watch import Violation

_MOST_TRIES = 1500


def broken(choices: list[int]) -> Violation | None:
    """The promise that this history breaks, if it breaks one."""
    try:
        History(choices).play()
    except Violation as violation:
        return violation
    return None


def shrink(choices: list[int]) -> list[int]:
    """A shorter history that breaks the same promise."""
    found = broken(choices)
    assert found is not None
    promise = _promise(found)
    tries = 0
    again = True
    while again and tries < _MOST_TRIES:
        again = False
        for shorter in _shorter(choices):
            tries += 1
            now = broken(shorter)
            if now is not None and _promise(now) == promise:
                choices = shorter
                again = True
                break
            if tries >= _MOST_TRIES:
                break
    return choices


def _promise(violation: Violation) -> str:
    """Without the part that names jobs and executions."""
    return str(violation).partition(":")[0]


def _shorter(choices: list[int]) -> Iterator[list[int]]:
    size = len(choices) // 2
    while size:
        for start in range(len(choices) - size, 0, -size):
            yield choices[:start] + choices[start + size :]
        size //= 2
