"""Components of a bill of materials: name, licence and, where it is told, version."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.spdx import is_expression
from packageurl import PackageURL


class SbomError(RuntimeError):
    """A bill of materials can't be whole; the message says what is not known."""


def packaged(
    kind: str, name: str, version: str, license_: str, group: str | None = None
) -> Component:
    """What a package index calls `name`: `kind` is `pypi`, `npm` or `cargo`."""
    if not is_expression(license_):
        raise SbomError(f"{name} {version} tells {license_!r} as its licence, which is no SPDX's")
    purl = PackageURL(kind, group, name, version)
    return Component(
        type=ComponentType.LIBRARY,
        group=group,
        name=name,
        version=version,
        licenses=[LicenseExpression(license_)],
        purl=purl,
        bom_ref=BomRef(str(purl)),
    )


def in_file(
    name: str, license_: str, file: Path, root: Path, version: str | None = None
) -> Component:
    """What is a file of the layer, with its hash: a program, a shared library, a font."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    path = str(file.relative_to(root))
    return Component(
        type=ComponentType.APPLICATION if file.parent.name == "bin" else ComponentType.LIBRARY,
        name=name,
        version=version,
        licenses=[LicenseExpression(license_)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        properties=[Property(name="reelwright:file", value=path)],
        bom_ref=BomRef(path),
    )


def linked_in(name: str, license_: str, switch: str) -> Component:
    """What was linked into a program, in a version that the build does not tell."""
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        licenses=[LicenseExpression(license_)],
        bom_ref=BomRef(f"bin/ffmpeg#{switch}"),
    )


def sources(component: Component, addresses: Iterable[str]) -> None:
    """Where the source of `component` is to be had."""
    for address in addresses:
        component.external_references.add(
            ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(address))
        )
