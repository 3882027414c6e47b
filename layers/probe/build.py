"""Build the layer of what only the planner imports: PyAV, less what only compiling with it needs.

    python -m layers.probe.build --python 3.13 --architecture arm64

Debug symbols stay: `strip` knows only its own host's architecture, and the layer must come out the
same everywhere. The planner has no ffmpeg layer, so it stays far below Lambda's limit.
"""

import sys
from pathlib import Path

from layers.building import (
    REQUIREMENTS,
    LayerError,
    build,
    compile_modules,
    folder_name,
    parse_arguments,
    pip_install,
)

LOCK = REQUIREMENTS / "probe.txt"
COMPILE_TIME = ("*.pyi", "*.pxd", "*.pyx", "*.h")


def fill(folder: Path, architecture: str, python: str) -> None:
    packages = folder / "python"
    pip_install(LOCK, packages, architecture, python)
    for pattern in COMPILE_TIME:
        for file in packages.rglob(pattern):
            file.unlink()
    compile_modules(folder, python, "/opt")


def main() -> None:
    asked = parse_arguments(__doc__, with_python=True)
    build(
        folder_name("probe", asked.architecture, asked.python),
        [LOCK, Path(__file__)],
        lambda folder: fill(folder, asked.architecture, asked.python),
        asked.python,
    )


if __name__ == "__main__":
    try:
        main()
    except LayerError as error:
        sys.exit(str(error))
