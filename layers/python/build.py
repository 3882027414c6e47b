"""Build the layer of what every function imports, into `python/`, which Lambda puts on sys.path.

python -m layers.python.build --python 3.13 --architecture arm64
"""

import shutil
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
SERVICES = {"dynamodb", "events", "lambda", "s3", "secretsmanager", "sqs", "stepfunctions"}
"""What functions call; botocore describes 400 services in as many folders."""


def main() -> None:
    asked = parse_arguments(__doc__, with_python=True)

    def fill(folder: Path) -> None:
        packages = folder / "python"
        pip_install(LOCK, packages, asked.architecture, asked.python)
        for described in (packages / "botocore" / "data").iterdir():
            if described.is_dir() and described.name not in SERVICES:
                shutil.rmtree(described)

    build(folder_name("python", asked.architecture, asked.python), [LOCK, Path(__file__)], fill)


if __name__ == "__main__":
    try:
        main()
    except LayerError as error:
        sys.exit(str(error))
