"""docs/fidelity.md and the tests say the same of AWS: every marker has a row, every row its tests.

Sources are parsed, not imported, so that this costs no fixture and no library.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "fidelity.md"
ONLY = "**AWS-only**: "
AMAZON = ("https://docs.aws.amazon.com/", "https://repost.aws/")


@dataclass(frozen=True)
class Row:
    name: str
    sources: tuple[str, ...]
    tests: frozenset[str]
    aws_only: str | None
    """What to run on AWS."""


@dataclass(frozen=True)
class Marked:
    rows: frozenset[str]
    aws_only: bool


def read_rows(page: str) -> dict[str, Row]:
    """The rows of all tables whose first cell is a name in code."""
    rows: dict[str, Row] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if len(cells) != 4 or not re.fullmatch(r"`[a-z0-9-]+`", cells[0]):
            continue
        name, shown = cells[0].strip("`"), cells[3]
        assert name not in rows, f"two rows are named {name}"
        before, only, after = shown.partition(ONLY)
        rows[name] = Row(
            name,
            tuple(re.findall(r"\]\((https://[^)]+)\)", cells[2])),
            frozenset(re.findall(r"`(tests/[^`]+\.py::[^`]+)`", before)),
            after if only else None,
        )
    return rows


def read_markers(source: str, path: str) -> Iterator[tuple[str, Marked]]:
    """Every test of a module by its name in a report, with what its own markers say."""

    def within(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, Marked]]:
        for inner in node.body:
            if isinstance(inner, ast.ClassDef):
                yield from within(inner, f"{prefix}::{inner.name}")
            elif isinstance(inner, ast.FunctionDef) and inner.name.startswith("test"):
                yield f"{prefix}::{inner.name}", _marked(inner)

    yield from within(ast.parse(source), path)


def _marked(test: ast.FunctionDef) -> Marked:
    rows: set[str] = set()
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.aws":
            rows |= {str(ast.literal_eval(each)) for each in decorator.args}
    only = any(ast.unparse(each) == "pytest.mark.aws_only" for each in test.decorator_list)
    return Marked(frozenset(rows), only)


def disagreements(rows: dict[str, Row], tests: dict[str, Marked]) -> list[str]:
    found = []
    shown = defaultdict(set)
    for test, marked in sorted(tests.items()):
        for name in marked.rows:
            shown[name].add(test)
            if name not in rows:
                found.append(f"{test} is marked `{name}`, which has no row")
        if marked.aws_only and not any(rows[name].aws_only for name in marked.rows & rows.keys()):
            found.append(f"{test} is true on AWS only, and no row says so")
    for row in rows.values():
        found += [
            f"{test} of row `{row.name}` is not there or not marked so"
            for test in sorted(row.tests - shown[row.name])
        ]
        found += [
            f"{test} is marked `{row.name}`, whose row does not name it"
            for test in sorted(shown[row.name] - row.tests)
        ]
        local = [test for test in row.tests if test in tests and not tests[test].aws_only]
        if not local and row.aws_only is None:
            found.append(f"row `{row.name}` is shown by no test and is not AWS-only")
        if row.aws_only is not None and "`" not in row.aws_only:
            found.append(f"row `{row.name}` does not say what to run on AWS")
        if not row.sources or not all(each.startswith(AMAZON) for each in row.sources):
            found.append(f"row `{row.name}` has no source of Amazon's")
    return found


def test_every_marker_has_its_row_and_every_row_its_tests() -> None:
    rows = read_rows(PAGE.read_text())
    tests = {
        name: marked
        for module in sorted((ROOT / "tests").rglob("test_*.py"))
        for name, marked in read_markers(module.read_text(), str(module.relative_to(ROOT)))
    }

    assert len(rows) > 50
    assert disagreements(rows, tests) == []


SOURCE = """
@pytest.mark.aws("known")
def test_one(): ...

class TestMore:
    @pytest.mark.aws_only
    @pytest.mark.aws("known", "{row}")
    def test_two(self): ...
"""
DOCS = "[order](https://docs.aws.amazon.com/order)"
TWO = "`tests/a/test_a.py::TestMore::test_two`"
KNOWN = f"| `known` | says | {DOCS} | `tests/a/test_a.py::test_one`, {TWO} |"
ONLY_THERE = f"| `other` | says | {DOCS} | {TWO}; {ONLY}`make test-aws` |"


@pytest.mark.parametrize(
    ("page", "row", "complaint"),
    [
        ((KNOWN, ONLY_THERE), "other", None),
        ((KNOWN, ONLY_THERE), "unknown", "is marked `unknown`, which has no row"),
        ((KNOWN,), "known", "is true on AWS only, and no row says so"),
        ((KNOWN.replace("one`", "gone`"), ONLY_THERE), "other", "test_gone of row `known` is not"),
        ((KNOWN.replace(f", {TWO}", ""), ONLY_THERE), "other", "whose row does not name it"),
        ((KNOWN, ONLY_THERE.replace("`make test-aws`", "later")), "other", "what to run on AWS"),
        ((KNOWN, ONLY_THERE.replace(f"; {ONLY}`make test-aws`", "")), "other", "shown by no test"),
        ((KNOWN.replace(DOCS, "hearsay"), ONLY_THERE), "other", "no source of Amazon's"),
    ],
)
def test_a_disagreement_is_named(page: tuple[str, ...], row: str, complaint: str | None) -> None:
    tests = dict(read_markers(SOURCE.replace("{row}", row), "tests/a/test_a.py"))

    found = disagreements(read_rows("\n".join(page)), tests)

    if complaint is None:
        assert found == []
    else:
        assert any(complaint in each for each in found), found
