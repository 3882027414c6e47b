"""Which tests one xdist worker runs: those that share what is dear to make.

xdist's own groups (`--dist loadgroup`, 3.8.0) have no effect with pytest 9.2, which keeps a test's
id where xdist does not look.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

_ALONE = {
    "tests/integration/test_restart.py": "restart",
    "tests/unit/layers/test_sbom.py": "layers",
}
"""An engine of its own; layers that are read once."""
_FOLDERS = {
    "tests/cli": "cli",
    "tests/embedded": "embedded",
    "tests/infrastructure": "infrastructure",
}
"""One deployed stack, one engine, one synthesis of each template."""
_STACKS = 2
"""Deployed for tests/integration, whose tests mostly wait."""


def group_of(nodeid: str) -> str:
    """The group's name; a test without one is its own."""
    file = nodeid.partition("::")[0]
    if file in _ALONE:
        return _ALONE[file]
    for folder, group in _FOLDERS.items():
        if file.startswith(f"{folder}/"):
            return group
    if file.startswith("tests/integration/"):
        return f"integration {sum(PurePosixPath(file).name.encode()) % _STACKS}"
    return nodeid


class Grouped(LoadScopeScheduling):
    """Hands out whole groups, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
