"""What is in the ffmpeg layer: the program tells by itself what it was made of."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model.component import Component

from layers.building import ROOT
from layers.ffmpeg.build import DEJAVU, LOCK
from layers.sbom.components import SbomError, in_file, linked_in, sources
from layers.sbom.linked import FFMPEG, FFMPEG_SOURCES, IN_FFMPEG, SWITCHES

_VERSION = re.compile(rb"FFmpeg version (n[0-9A-Za-z.-]+)")
_CONFIGURATION = re.compile(rb"--prefix=[ -~]*--enable-gpl[ -~]*")
FONTS_LICENSE = "Bitstream-Vera"


def components(layer: Path) -> Iterator[Component]:
    program = layer / "bin" / "ffmpeg"
    version, switches = told_by(program.read_bytes())
    ffmpeg = in_file(FFMPEG.name, FFMPEG.license, program, layer, version)
    sources(ffmpeg, FFMPEG_SOURCES)
    for switch in sorted(switches - SWITCHES):
        library = IN_FFMPEG.get(switch)
        if library is None:
            raise SbomError(
                f"this ffmpeg was built with --enable-{switch}, which is not known: add it to "
                "IN_FFMPEG in layers/sbom/linked.py, and to NOTICE where its licence asks for it"
            )
        ffmpeg.components.add(linked_in(library.name, library.license, switch))
    yield ffmpeg
    certificates = layer / "etc" / "cacert.pem"
    yield in_file("certifi", "MPL-2.0", certificates, layer, _locked_wheel("certifi"))
    fonts = _locked_tool(DEJAVU.name)
    for font in sorted((layer / "share" / "fonts").glob("*.ttf")):
        yield in_file(f"DejaVu fonts, {font.stem}", FONTS_LICENSE, font, layer, fonts)


def told_by(program: bytes) -> tuple[str, set[str]]:
    """The version in ffmpeg's own bytes, and what its configuration enabled.

    Read, not run: most layers are for another processor than this one's.
    """
    version, configuration = _VERSION.search(program), _CONFIGURATION.search(program)
    if version is None or configuration is None:
        raise SbomError("bin/ffmpeg does not tell its version and its configuration")
    enabled = re.findall(r"--enable-([a-z0-9-]+)", configuration.group().decode("ascii"))
    return version.group(1).decode("ascii"), set(enabled)


def _locked_wheel(name: str) -> str:
    (version,) = re.findall(rf"^{name}==(\S+)", LOCK.read_text(), re.MULTILINE)
    return str(version)


def _locked_tool(name: str) -> str:
    lock = json.loads((ROOT / "package-lock.json").read_bytes())
    return str(lock["packages"][f"node_modules/{name}"]["version"])
