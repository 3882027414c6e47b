"""Granting turns: who renders next, and telling their executions (docs/decisions/0006-turns.md)."""

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from functions.shared.turns_table import Turn, TurnsTable

Heard = Literal["heard", "dead"]


class Answerer(Protocol):
    """Tells a waiting execution that its turn has come."""

    def go(self, token: str, epoch: int) -> Heard:
        """`dead`: nobody waits on this token, or an earlier answer was taken already."""


def grant_turns(turns: TurnsTable, answerer: Answerer, ceiling: int) -> int:
    """Grant all that can be granted now; returns how many were.

    Called after everything that may make a turn grantable. Passes are made until one changes
    nothing, because what a pass lost to another may have made room for a third, and because a
    grant that is taken back looked like a full house meanwhile.
    """
    total = 0
    while outcomes := list(_pass(turns, answerer, ceiling)):
        total += sum(outcomes)
    return total


def heads(turns: Iterable[Turn]) -> Iterator[Turn]:
    """The first turn of each lane, granted or not."""
    first: dict[str, Turn] = {}
    for turn in turns:
        if turn.lane not in first or turn.sequence < first[turn.lane].sequence:
            first[turn.lane] = turn
    yield from first.values()


def _pass(turns: TurnsTable, answerer: Answerer, ceiling: int) -> Iterator[bool]:
    """Grant each waiting head in rank order; yields whether its execution heard of its grant.

    Most passes find no room: to read the count costs less than the turns, or a refused grant.
    """
    if turns.granted() >= ceiling:
        return
    waiting = [turn for turn in heads(turns.all()) if turn.state == "WAITING" and turn.tokens]
    for turn in sorted(waiting, key=lambda turn: turn.rank):
        outcome = turns.grant(turn, ceiling)
        if outcome == "full":
            return
        if outcome == "granted":
            yield tell(turns, answerer, turn.lane, turn.sequence)
            if turns.granted() >= ceiling:
                return


def tell(turns: TurnsTable, answerer: Answerer, lane: str, sequence: int) -> bool:
    """Answer a granted turn's tokens with its epoch; take the grant back where nobody heard.

    A `dead` token of an execution that did hear an earlier answer does no harm: that execution
    marks its turn started, which and taking back exclude each other.
    """
    turn = turns.get(lane, sequence)
    if turn is None or turn.state != "GRANTED" or not turn.tokens:
        return False
    newest_first = reversed(turn.tokens)
    if any(answerer.go(token, turn.epoch) == "heard" for token in newest_first):
        return True
    turns.take_back(turn)
    return False
