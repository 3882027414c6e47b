"""The npm tools that deploy, lint and test, as `npm ci` installs them from the lock."""

import json
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model.component import Component

from layers.sbom.components import SbomError, packaged
from layers.sbom.ffmpeg import FONTS_LICENSE

LOOKED_UP = {"dejavu-fonts-ttf": FONTS_LICENSE}
"""Where the lock only says where to look."""


def components(lock: Path) -> Iterator[Component]:
    packages = json.loads(lock.read_bytes())["packages"]
    seen = set()
    for path, package in sorted(packages.items()):
        if not path:  # the project itself
            continue
        group, _, name = path.rpartition("node_modules/")[2].rpartition("/")
        license_ = LOOKED_UP.get(name) or package.get("license")
        if license_ is None:
            raise SbomError(f"package-lock.json tells no licence of {path}")
        if (group, name, package["version"]) in seen:
            continue
        seen.add((group, name, package["version"]))
        yield packaged("npm", name, package["version"], license_, group=group or None)
