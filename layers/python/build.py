"""Build the layer of what every function imports, into `python/`, which Lambda puts on sys.path.

python -m layers.python.build --python 3.13 --architecture arm64
"""

import sys
from pathlib import Path

from layers.building import (
    REQUIREMENTS,
    LayerError,
    build,
    folder_name,
    parse_arguments,
    pip_install,
)

LOCK = REQUIREMENTS / "functions.txt"


def main() -> None:
    asked = parse_arguments(__doc__, with_python=True)
    build(
        folder_name("python", asked.architecture, asked.python),
        [LOCK, Path(__file__)],
        lambda folder: pip_install(LOCK, folder / "python", asked.architecture, asked.python),
    )


if __name__ == "__main__":
    try:
        main()
    except LayerError as error:
        sys.exit(str(error))
