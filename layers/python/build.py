"""Build the layer of what every function imports, into `python/`, which Lambda puts on sys.path.

python -m layers.python.build --python 3.13 --architecture arm64
"""

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from layers.building import (
    REQUIREMENTS,
    LayerError,
    build,
    compile_modules,
    folder_name,
    parse_arguments,
    pip_install,
)

LOCK = REQUIREMENTS / "functions.txt"
SERVICES = {"dynamodb", "events", "lambda", "s3", "secretsmanager", "sqs", "stepfunctions"}
"""What functions call; botocore describes 400 services in as many folders."""
ENDPOINTS = SERVICES - {"stepfunctions"} | {"states"}
"""Their names in addresses."""


def main() -> None:
    asked = parse_arguments(__doc__, with_python=True)

    def fill(folder: Path) -> None:
        packages = folder / "python"
        pip_install(LOCK, packages, asked.architecture, asked.python)
        for described in (packages / "botocore" / "data").iterdir():
            if described.is_dir() and described.name not in SERVICES:
                shutil.rmtree(described)
        slim(packages / "botocore" / "data")
        compile_modules(folder, asked.python, "/opt")

    name = folder_name("python", asked.architecture, asked.python)
    build(name, [LOCK, Path(__file__)], fill, asked.python)


def slim(data: Path) -> None:
    """Take out of botocore's descriptions what only people read, and the addresses of services
    that functions don't call: every client made reads them whole."""
    endpoints = data / "endpoints.json"
    described = json.loads(endpoints.read_text("utf-8"))
    for partition in described["partitions"]:
        services = partition["services"].items()
        partition["services"] = {name: told for name, told in services if name in ENDPOINTS}
    _write(endpoints, described)
    for packed in data.glob("*/*/*.json.gz"):
        _write(
            packed.with_suffix(""), _without_words(json.loads(gzip.decompress(packed.read_bytes())))
        )
        packed.unlink()


def _without_words(described: Any) -> Any:
    if isinstance(described, list):
        return [_without_words(part) for part in described]
    if not isinstance(described, dict):
        return described
    # A member may be named so too; then it is no text. botocore looks for some, empty as they are.
    return {
        name: "" if name == "documentation" and isinstance(part, str) else _without_words(part)
        for name, part in described.items()
    }


def _write(file: Path, described: Any) -> None:
    file.write_text(json.dumps(described, separators=(",", ":")), "utf-8")


if __name__ == "__main__":
    try:
        main()
    except LayerError as error:
        sys.exit(str(error))
