"""What wheels put into a layer, by the metadata they left there."""

import json
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from cyclonedx.model.component import Component
from packageurl import PackageURL

from layers.sbom.components import SbomError, in_file, packaged, sources
from layers.sbom.linked import BESIDE_PYAV, FFMPEG_SOURCES, PYAV_SOURCES

SPDX = {
    "Apache License 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "MIT": "MIT",
    # python-dateutil: code since 2017 under both, what is older under BSD only.
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
}
"""Of the free text in metadata older than License-Expression (PEP 639)."""
SWAGGER_UI = "aws_lambda_powertools/event_handler/openapi/swagger_ui/swagger-ui-bundle.min.js"


def components(packages: Path) -> Iterator[Component]:
    """Of the folder `python` of a layer."""
    for distribution in sorted(distributions(path=[str(packages)]), key=lambda each: each.name):
        component = packaged(
            "pypi", distribution.name, distribution.version, license_of(distribution)
        )
        component.components.update(_inside(distribution))
        yield component
    if (packages / SWAGGER_UI).exists():
        yield in_file("swagger-ui", "Apache-2.0", packages / SWAGGER_UI, packages.parent)
    for library in sorted(packages.glob("*.libs/*")):
        yield _shared(library, packages.parent)


def license_of(distribution: Distribution) -> str:
    """An SPDX expression."""
    metadata = distribution.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    (told, *_) = metadata.get_all("License") or ["nothing"]
    if told not in SPDX:
        raise SbomError(
            f"{distribution.name} {distribution.version} tells {told!r} as its licence, which is "
            "not known: look it up and add it to SPDX in layers/sbom/wheels.py"
        )
    return SPDX[told]


def _inside(distribution: Distribution) -> Iterator[Component]:
    """What was compiled into it, where the wheel tells by a bill of its own (PEP 770).

    Those of shared libraries beside it tell less than the files do.
    """
    told = {
        found["purl"]: found
        for bill in _bills(distribution)
        for found in bill.get("components", [])
        if found["purl"].startswith("pkg:cargo/") and found.get("licenses")
    }
    for address, found in sorted(told.items()):
        purl = PackageURL.from_string(address)
        (license_,) = found["licenses"]
        yield packaged(purl.type, purl.name, str(purl.version), license_["expression"])


def _bills(distribution: Distribution) -> Iterator[dict[str, Any]]:
    folder = Path(str(distribution.locate_file("")))
    for file in sorted(folder.glob(f"{_stem(distribution)}.dist-info/sboms/*.json")):
        yield json.loads(file.read_bytes())


def _stem(distribution: Distribution) -> str:
    return f"{distribution.name.replace('-', '_').replace('.', '_')}-{distribution.version}"


def _shared(library: Path, root: Path) -> Component:
    """`libx264-fd5179c6.so.165` → x264."""
    known = BESIDE_PYAV.get(library.name.split(".so")[0].rpartition("-")[0])
    if known is None:
        raise SbomError(
            f"{library.name} is not known: add it to BESIDE_PYAV in layers/sbom/linked.py, and to "
            "NOTICE where its licence asks for it"
        )
    component = in_file(known.name, known.license, library, root)
    sources(component, (FFMPEG_SOURCES[0], *PYAV_SOURCES))
    return component
