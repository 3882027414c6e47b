"""What is in each function's package and layers, read from a cloud assembly."""

import functools
import json
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_UNCHECKED = 1
"""The flag of bytecode that is read without a look at its source (PEP 552)."""


@dataclass(frozen=True)
class Function:
    """One of ours, as folders on this machine."""

    name: str
    code: Path
    layers: dict[str, Path]
    settings: dict[str, str]

    @property
    def roots(self) -> tuple[Path, ...]:
        return (self.code, *self.layers.values())

    def at(self, places: dict[Path, Path]) -> "Function":
        """The same of other folders."""
        layers = {name: places[path] for name, path in self.layers.items()}
        return replace(self, code=places[self.code], layers=layers)


def functions_of(assembly: Path) -> list[Function]:
    """By name."""
    (template,) = assembly.glob("*.template.json")
    resources = json.loads(template.read_text("utf-8"))["Resources"]

    def asset(where: dict[str, Any]) -> Path:
        return assembly / f"asset.{where['S3Key'].removesuffix('.zip')}"

    found = []
    for resource in resources.values():
        about = resource["Properties"] if resource["Type"] == "AWS::Lambda::Function" else {}
        if not str(about.get("Handler", "")).startswith("functions."):
            continue
        layers = [resources[layer["Ref"]]["Properties"] for layer in about["Layers"]]
        given = about["Environment"]["Variables"]
        found.append(
            Function(
                name=about["Handler"].split(".")[1],
                code=asset(about["Code"]),
                layers={layer["Description"]: asset(layer["Content"]) for layer in layers},
                # What only a deployment knows stands for itself.
                settings={k: v if isinstance(v, str) else "unknown" for k, v in given.items()},
            )
        )
    return sorted(found, key=lambda function: function.name)


@functools.cache
def size_of(folder: Path) -> dict[str, float]:
    """MB as files and as a zip, and how many Python packages."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.relative_to(folder))
        zipped = packed.tell()
    return {
        "unzipped_mb": round(sum(file.stat().st_size for file in files) / 1e6, 2),
        "zipped_mb": round(zipped / 1e6, 2),
        "packages": len(list(folder.glob("python/*.dist-info"))),
    }


@functools.cache
def bytecode_share(folder: Path) -> float | None:
    """Of its modules, those whose bytecode is there and is read unchecked; None: it has none."""
    modules = list(folder.rglob("*.py"))
    with_code = sum(1 for file in folder.rglob("__pycache__/*.pyc") if is_unchecked(file))
    return round(with_code / len(modules), 3) if modules else None


def is_unchecked(bytecode: Path) -> bool:
    with bytecode.open("rb") as stream:
        return int.from_bytes(stream.read(8)[4:], "little") == _UNCHECKED
