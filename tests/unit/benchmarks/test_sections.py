import io
from importlib.util import find_spec
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.__main__ import SECTIONS, Section, run

NOWHERE = Path("/nonexistent")


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.module)
def test_every_section_is_there(section: Section) -> None:
    assert find_spec(f"benchmarks.{section.module}") is not None


def test_the_assembly_is_told_to_those_that_want_it() -> None:
    section = Section("one", ("--assembly", "{assembly}"), short=("--rounds", "1"))

    assert section.command(NOWHERE, full=False)[2:] == [
        *("benchmarks.one", "--assembly", str(NOWHERE), "--rounds", "1")
    ]
    assert "--rounds" not in section.command(NOWHERE, full=True)


def test_one_that_fails_is_told() -> None:
    said = Console(file=io.StringIO())

    failed = run([Section("no_such_benchmark"), Section("record")], NOWHERE, said, full=False)

    assert failed == [("no_such_benchmark", "ended with 1")]
