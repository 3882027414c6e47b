"""docs/security.md says who may do what as the template does."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.infrastructure.synthesis import Synthesis, plain

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
EVERY = {
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
    *("kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    *("logs:CreateLogStream", "logs:PutLogEvents"),
    *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
}
"""Said once, of all functions."""


def told(pairs: set[tuple[str, str]]) -> str:
    """A cell: `dynamodb` GetItem, PutItem on Jobs, Turns; …"""
    on: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for action, resource in pairs:
        service, _, name = action.partition(":")
        on[service, short(resource)].add(name)
    alike: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (service, resource), names in sorted(on.items()):
        alike[service, tuple(sorted(names))].append(resource)
    return "; ".join(
        f"{service} {', '.join(names)} on {', '.join(f'`{one}`' for one in resources)}"
        for (service, names), resources in sorted(alike.items())
    )


def short(resource: str) -> str:
    """Executions by their machine's name."""
    return re.sub(r"^arn:.*:execution:(\w+)\.Name", r"\1 executions ", resource).rstrip()


def role_of(name: str) -> str:
    """`render_chunk` of RenderChunkFunctionRole, as the page calls it."""
    stem = name.removesuffix("Role").removesuffix("Function")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", stem).lower() if "Function" in name else stem


def rows() -> dict[str, list[str]]:
    """The cells behind the first, by the first."""
    text = PAGE.read_text()
    table = text.partition("<!-- grants -->")[2].partition("<!-- end -->")[0]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.strip().splitlines()[2:]]
    return {name.strip().strip("`"): [one.strip() for one in rest] for name, *rest in cells}


@pytest.mark.aws("iam")
def test_the_page_says_what_each_role_may(stack: Synthesis) -> None:
    granted = {
        role_of(role): told(
            {pair for pair in pairs if pair[0] not in EVERY} if "Function" in role else pairs
        )
        for role, pairs in stack.grants().items()
    }

    assert {name: cells[0] for name, cells in rows().items()} == granted


def test_the_page_says_why(stack: Synthesis) -> None:
    assert len(rows()) == len(stack.of_type("AWS::IAM::Role"))
    for name, (_, why) in rows().items():
        assert len(why) > 20, name


def test_all_functions_may_what_is_said_of_all(stack: Synthesis) -> None:
    for role, pairs in stack.grants().items():
        if "Function" in role:
            mine = {action: resource for action, resource in pairs if action in EVERY}
            assert set(mine) == EVERY
            log = plain({"Ref": f"{role.removesuffix('Role')}Log"})
            assert {mine[action] for action in EVERY} == {"Key", "*", log}


def test_what_is_linked_is_there() -> None:
    for target in re.findall(r"\]\((?!https:)([^)#]+)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
