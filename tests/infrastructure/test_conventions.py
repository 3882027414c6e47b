"""What holds the tree together: one stem for each function, and imports that point one way."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.job_function import construct_name
from tests.infrastructure.synthesis import FOLDERS, OUTSIDE_THE_MACHINE, Synthesis
from tests.statemachine.machine import states, text

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"
BESIDE_THE_STEM = {"Finish Failed Job": "finish_job", "Job Failed": "finish_job"}
"""States that call a function under another name, because it is their second task."""
NAMED_FOR_THE_READER = {"request_turn": "Wait For Turn"}
"""The function is done at once; what an operator sees the state do, perhaps for days, is wait."""
ON_LAMBDA = {
    "aws_lambda_powertools",
    "botocore",
    "functions",
    "m3u8",
    "pydantic",
    "pydantic_core",
    "s3transfer",
    "standardwebhooks",
    "urllib3",
}


def folders() -> set[str]:
    return {
        path.name for path in FUNCTIONS.iterdir() if path.is_dir() and path.name[0] not in "_."
    } - {"shared"}


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    """Every module a module names in an import, `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def only_for_types(module: Path) -> set[str]:
    """Modules imported under `if TYPE_CHECKING`, which Lambda never loads."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom):
                    found |= {f"{inner.module}.{name.name}" for name in inner.names}
    return found


def test_the_folders_are_the_functions() -> None:
    assert folders() == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_one_stem_everywhere(stack: Synthesis, folder: str) -> None:
    construct = construct_name(folder)
    state = NAMED_FOR_THE_READER.get(folder, folder.replace("_", " ").title())
    logical_ids = [
        name
        for name, found in stack.of_type("AWS::Lambda::Function").items()
        if found["Properties"]["Handler"] == f"functions.{folder}.handler.handle"
    ]

    assert [name[:-8] for name in logical_ids] == [construct]
    calls = {
        name
        for name, found in states(text()).items()
        if found.get("Arguments", {}).get("FunctionName") == f"${{{construct}Arn}}"
    }
    others = {name for name, owner in BESIDE_THE_STEM.items() if owner == folder}
    assert calls == (set() if folder in OUTSIDE_THE_MACHINE else {state} | others)


@pytest.mark.parametrize("folder", [*FOLDERS, "shared"])
def test_functions_import_themselves_and_what_is_shared(folder: str) -> None:
    reachable = ("functions.shared.", f"functions.{folder}.")

    for module in modules(FUNCTIONS / folder):
        ours = [name for name in imported(module) if name.startswith("functions")]
        assert [name for name in ours if not name.startswith(reachable)] == [], module


@pytest.mark.parametrize("folder", [*FOLDERS, "shared"])
def test_functions_import_what_lambda_has(folder: str) -> None:
    available = ON_LAMBDA | set(sys.stdlib_module_names)
    if folder == "plan_render":
        available |= {"av", "pysubs2"}  # the probe's layer

    for module in modules(FUNCTIONS / folder):
        loaded = set(imported(module)) - only_for_types(module)
        assert {name.split(".")[0] for name in loaded} <= available, module


def test_the_layers_build_needs_nothing_but_python() -> None:
    lists_what_was_built = ROOT / "layers" / "sbom"
    for module in modules(ROOT / "layers"):
        if lists_what_was_built in module.parents:
            continue
        loaded = {name.split(".")[0] for name in imported(module)}
        assert loaded <= set(sys.stdlib_module_names) | {"layers"}, module


def test_the_cdk_app_knows_nothing_of_local_and_functions() -> None:
    for module in [ROOT / "app.py", *modules(ROOT / "infrastructure")]:
        loaded = {name.split(".")[0] for name in imported(module)}
        assert not loaded & {"boto3", "functions", "local", "reelwright", "socket", "subprocess"}


def test_the_locks_name_no_address() -> None:
    locks = [*(ROOT / "requirements").glob("*.txt"), ROOT / ".npmrc"]

    assert len(locks) > 4
    for lock in locks:
        assert "://" not in lock.read_text(), lock
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
