"""Which tests one xdist worker runs: those that share what is dear to make.

xdist's own groups (`--dist loadgroup`, 3.8.0) have no effect with pytest 9.2, which keeps a test's
id where xdist does not look.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

_APART = {"tests/media/test_corpus.py", "tests/media/test_equality.py"}
"""Many long tests that share nothing: one by one."""
_FOLDERS = {
    "tests/cli": "cli",
    "tests/embedded": "embedded",
    "tests/infrastructure": "infrastructure",
    "tests/media/hostile": "hostile",
}
"""One deployed stack, one engine, one synthesis of each template, one huge picture."""
_STACKS = 2
"""Deployed for tests/integration, whose tests mostly wait. One file has an engine of its own."""
_OWN_STACK = "tests/integration/test_restart.py"
_FIRST = (*(f"integration {number}" for number in range(_STACKS)), _OWN_STACK)
"""They last longest and mostly wait: begun last, they would be all that runs in the end."""


def group_of(nodeid: str) -> str:
    """The group's name. Tests of one file share what it makes once, so a file is the usual one."""
    file = nodeid.partition("::")[0]
    if file in _APART:
        return nodeid
    for folder, group in _FOLDERS.items():
        if file.startswith(f"{folder}/"):
            return group
    if file.startswith("tests/integration/") and file != _OWN_STACK:
        return f"integration {sum(PurePosixPath(file).name.encode()) % _STACKS}"
    return file


class Grouped(LoadScopeScheduling):
    """Hands out whole groups: those that wait, then the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        for group in reversed(_FIRST):
            if group in self.workqueue:
                self.workqueue.move_to_end(group, last=False)
        super()._assign_work_unit(node)
