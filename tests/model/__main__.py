"""python -m tests.model [--histories N] [--first N] [--mutations]"""

import sys
import time
from argparse import ArgumentParser
from collections import Counter

import pytest
from rich.console import Console
from rich.progress import Progress

from tests.model.histories import choices_of, first_broken, no_pauses
from tests.model.mutations import MUTATIONS
from tests.model.shrink import broken, shrink

_BATCH = 50
_MOST_FOR_A_MUTATION = 3000
_say = Console(markup=False, highlight=False, soft_wrap=True).print


def main() -> int:
    parser = ArgumentParser(prog="tests.model", description="Try to break the turn protocol.")
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first history")
    parser.add_argument("--mutations", action="store_true", help="plant bugs and find them")
    arguments = parser.parse_args()
    with no_pauses():
        if arguments.mutations:
            return _find_mutations()
        return _search(range(arguments.first, arguments.first + arguments.histories))


def _search(numbers: range) -> int:
    seen: Counter[str] = Counter()
    began = time.monotonic()
    with Progress(transient=True) as progress:
        bar = progress.add_task("histories", total=len(numbers))
        for start in numbers[::_BATCH]:
            found = first_broken(range(start, min(start + _BATCH, numbers.stop)), seen)
            if found:
                break
            progress.advance(bar, _BATCH)
    passed_s = time.monotonic() - began
    for kind, count in sorted(seen.items()):
        _say(f"{count:>10,}  {kind}")
    played, calls = seen["histories"], seen["steps"]
    rate = f"{played / passed_s:.0f} histories and {calls / passed_s:,.0f} calls a second"
    _say(f"{played:,} histories in {passed_s:.0f} s: {rate}")
    if not found:
        _say("no promise was broken")
        return 0
    _tell(found[0])
    return 1


def _find_mutations() -> int:
    missed = 0
    for mutate in MUTATIONS:
        with pytest.MonkeyPatch.context() as patch:
            mutate(patch)
            found = first_broken(range(_MOST_FOR_A_MUTATION), Counter())
            _say(f"\n== {mutate.__name__}: {mutate.__doc__}")
            if found:
                _tell(found[0])
            else:
                _say("NOT FOUND")
                missed += 1
    return missed


def _tell(number: int) -> None:
    """The history cut down to what breaks the promise."""
    choices = shrink(choices_of(number))
    violation = broken(choices)
    assert violation is not None
    _say(f"history {number}, cut down to {len(choices)} choices: {violation}")
    _say("\n".join(violation.__notes__))


if __name__ == "__main__":
    sys.exit(main())
