"""The functions' code as Lambda gets it: the sources, and their bytecode where it can be made."""

import shutil
from pathlib import Path

from layers.building import ROOT, build, compile_modules

SOURCES = ROOT / "functions"


def build_code(python: str) -> Path:
    """A folder with `functions/`, of all functions; made anew where a source changed."""
    sources = sorted(SOURCES.rglob("*.py"))

    def fill(folder: Path) -> None:
        for source in sources:
            target = folder / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        compile_modules(folder, python, "/var/task")

    return build(f"functions-py{python.replace('.', '')}", sources, fill, python)
