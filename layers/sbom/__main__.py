"""Write a bill of materials (CycloneDX JSON) of each layer for Lambda, and of the npm tools.

    python -m layers.sbom --python 3.13

From what is in `build/layers`, into `build/sbom`. The same content makes the same file.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6

from layers.building import BUILD, ROOT, folder_name
from layers.sbom import ffmpeg, npm, wheels
from layers.sbom.components import SbomError

TARGET = ROOT / "build" / "sbom"
ARCHITECTURES = ("arm64", "x86_64")


def layers(python: str) -> Iterator[str]:
    for architecture in ARCHITECTURES:
        yield folder_name("ffmpeg", architecture)
        yield folder_name("probe", architecture, python)
        yield folder_name("python", architecture, python)


def of_layer(folder: Path) -> str:
    if not folder.is_dir():
        raise SbomError(f"build/layers/{folder.name} is missing: run `make layers-aws` first")
    reader = ffmpeg.components(folder) if folder.name.startswith("ffmpeg") else None
    return written(folder.name, reader or wheels.components(folder / "python"))


def written(name: str, components: Iterable[Component]) -> str:
    bill = Bom(components=components)
    about = Component(type=ComponentType.APPLICATION, name=f"reelwright-{name}", bom_ref=name)
    bill.metadata.component = about
    bill.register_dependency(about, bill.components)
    bill.serial_number = uuid5(NAMESPACE_URL, name)
    document = json.loads(JsonV1Dot6(bill).output_as_string())
    # When it was written says nothing, and would make every file new each time.
    del document["metadata"]["timestamp"]
    bare = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid5(NAMESPACE_URL, bare).urn
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, metavar="3.13", help="Lambda's Python")
    asked = parser.parse_args()
    TARGET.mkdir(parents=True, exist_ok=True)
    bills = {name: of_layer(BUILD / name) for name in layers(asked.python)}
    bills["npm"] = written("npm", npm.components(ROOT / "package-lock.json"))
    for name, text in bills.items():
        (TARGET / f"{name}.json").write_text(text)
        print(f"wrote build/sbom/{name}.json")


if __name__ == "__main__":
    try:
        main()
    except SbomError as error:
        sys.exit(str(error))
