"""Any request, on any source, ends with all it asked for or with one named sentence.

The suite tries the same few each time. `make fuzz MINUTES=10` draws others for as long, and tells
each that failed, to be tried again by `FUZZ_CASE`.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.media.any.job import Ground, lay_ground
from tests.media.any.requests import REQUESTS
from tests.media.any.sources import KINDS

CASES = st.tuples(st.sampled_from([kind.name for kind in KINDS]), REQUESTS)
FEW = 8
MINUTES = float(os.environ.get("FUZZ_MINUTES", "0"))
ONE = os.environ.get("FUZZ_CASE")


def drawn(number: int, how_many: int) -> Callable[[Callable[[Any], None]], Any]:
    """Decorates what is to be done with so many cases; the same ones for the same number."""

    def decorate(do: Callable[[Any], None]) -> Any:
        plain = settings(
            max_examples=how_many,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        return seed(number)(plain(given(CASES)(do)))

    return decorate


@pytest.fixture(scope="module")
def ground(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return lay_ground(ffmpeg, tmp_path_factory.mktemp("any"))


@pytest.mark.slow
def test_a_few_requests(ground: Ground) -> None:
    ends: Counter[str] = Counter()

    @drawn(2, FEW)
    def try_each(case: tuple[str, dict[str, Any]]) -> None:
        ends[ground.run(*case)] += 1

    try_each()
    assert ends["complete"] > FEW / 2, ends


@pytest.mark.skipif(not MINUTES, reason="FUZZ_MINUTES says for how long")
@pytest.mark.timeout(0)
def test_as_many_as_there_is_time_for(ground: Ground) -> None:
    ends: Counter[str] = Counter()
    failures: list[str] = []
    until = time.monotonic() + MINUTES * 60
    number = time.time_ns()
    while time.monotonic() < until:
        number += 1

        @drawn(number, 20)
        def try_each(case: tuple[str, dict[str, Any]]) -> None:
            if time.monotonic() > until:
                return
            try:
                ends[ground.run(*case)] += 1
            except Exception as error:  # noqa: BLE001 - each is told, and the next one tried
                ends[type(error).__name__] += 1
                failures.append(f"{type(error).__name__}: {error}\nFUZZ_CASE='{json.dumps(case)}'")
                sys.stdout.write(f"{failures[-1]}\n\n")

        try_each()
        sys.stdout.write(f"{ends.total()} cases: {dict(ends)}\n")
        sys.stdout.flush()
    assert not failures, f"{len(failures)} of {ends.total()} cases failed; they are told above"


@pytest.mark.skipif(ONE is None, reason="FUZZ_CASE says which")
def test_one_again(ground: Ground) -> None:
    name, fields = json.loads(ONE or "")
    ground.run(name, fields)
