"""Every read of a table is strongly consistent, or listed in docs/decisions/0006-turns.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"
READS = {"get_item", "batch_get_item", "query", "scan", "transact_get_items"}
PAGED = {"query", "scan"}
OF_AN_INDEX = {"IndexName"}


def reads(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that read a table: `x.get_item(…)`, `x.get_paginator("scan").paginate(…)`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in READS:
            yield node
        elif node.func.attr == "paginate" and isinstance(node.func.value, ast.Call):
            named = node.func.value.args[:1]
            if named and isinstance(named[0], ast.Constant) and named[0].value in PAGED:
                yield node


def is_accepted(call: ast.Call) -> bool:
    """An index can only be read eventually; anything else says ConsistentRead=True, in the call or,
    of a batch, in the keys it names."""
    given = {keyword.arg for keyword in call.keywords}
    text = ast.unparse(call)
    return "ConsistentRead=True" in text or "'ConsistentRead': True" in text or given >= OF_AN_INDEX


def all_reads() -> list[tuple[str, ast.Call]]:
    return [
        (f"{file.relative_to(FUNCTIONS)}:{call.lineno}", call)
        for file in sorted(FUNCTIONS.rglob("*.py"))
        for call in reads(ast.parse(file.read_text()))
    ]


def test_there_are_reads_to_look_at() -> None:
    assert len(all_reads()) >= 3


@pytest.mark.aws("ddb-consistency")
@pytest.mark.parametrize(("place", "call"), all_reads(), ids=[place for place, _ in all_reads()])
def test_a_read_is_consistent(place: str, call: ast.Call) -> None:
    assert is_accepted(call), f"{place} may read an old row: {ast.unparse(call)}"


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("t.get_item(TableName='x', Key={}, ConsistentRead=True)", True),
        ("t.get_item(TableName='x', Key={})", False),
        ("t.get_paginator('scan').paginate(TableName='x')", False),
        ("t.query(TableName='x', IndexName='by_owner')", True),
        ("t.batch_get_item(RequestItems={'x': {'Keys': k, 'ConsistentRead': True}})", True),
        ("t.batch_get_item(RequestItems={'x': {'Keys': k}})", False),
    ],
)
def test_the_rule_tells_them_apart(text: str, *, accepted: bool) -> None:
    (call,) = reads(ast.parse(text))
    assert is_accepted(call) is accepted
