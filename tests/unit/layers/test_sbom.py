"""What ships is listed: each package and library with its licence, from what is in the layers."""

import json
import re
from importlib.metadata import distributions
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from layers.building import BUILD
from layers.sbom.__main__ import layers, of_layer, written
from layers.sbom.components import SbomError
from layers.sbom.ffmpeg import told_by
from layers.sbom.npm import components as npm_components
from layers.sbom.wheels import components as wheel_components

ROOT = Path(__file__).resolve().parents[3]
LAYERS = list(layers("3.13"))
SCHEMAS = files("cyclonedx") / "schema" / "_res"
PROGRAM = b"\0FFmpeg version n9.9-test\0--prefix=/x --enable-gpl --enable-libnew --disable-old\0"


@pytest.fixture(scope="session")
def bills() -> dict[str, Any]:
    return {name: json.loads(of_layer(BUILD / name)) for name in LAYERS}


@pytest.fixture(scope="session")
def schema() -> jsonschema_rs.Validator:
    """CycloneDX's own."""

    def of(name: str) -> Any:
        return json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text())

    parts = {
        f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json": of(name)
        for name in ("spdx", "jsf-0.82", "cryptography-defs")
    }
    registry = jsonschema_rs.Registry(list(parts.items()))
    return jsonschema_rs.validator_for(of("bom-1.6"), registry=registry)


def every(component: dict[str, Any]) -> list[dict[str, Any]]:
    inside = component.get("components", [])
    return [component, *(deep for each in inside for deep in every(each))]


def listed(bill: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for component in bill["components"] for each in every(component)]


@pytest.mark.parametrize("name", LAYERS)
def test_a_bill_is_valid_and_tells_every_licence(
    bills: dict[str, Any], schema: jsonschema_rs.Validator, name: str
) -> None:
    schema.validate(bills[name])

    without = [each["name"] for each in listed(bills[name]) if not each.get("licenses")]
    assert without == []


@pytest.mark.parametrize("name", [name for name in LAYERS if name.startswith("p")])
def test_what_pip_put_there_is_listed(bills: dict[str, Any], name: str) -> None:
    packages = distributions(path=[str(BUILD / name / "python")])

    expected = {(each.name, each.version) for each in packages}

    found = {
        (each["name"], each["version"])
        for each in bills[name]["components"]
        if each.get("purl", "").startswith("pkg:pypi/")
    }
    assert found == expected


@pytest.mark.parametrize("name", LAYERS)
def test_programs_libraries_and_fonts_are_listed_with_their_hash(
    bills: dict[str, Any], name: str
) -> None:
    folder = BUILD / name
    kinds = ("bin/*", "python/*.libs/*", "share/fonts/*.ttf", "etc/*.pem")
    expected = {str(file.relative_to(folder)) for kind in kinds for file in folder.glob(kind)}

    found = {
        each["bom-ref"]
        for each in listed(bills[name])
        if re.fullmatch("[0-9a-f]{64}", each.get("hashes", [{"content": ""}])[0]["content"])
    }

    assert expected <= found


def test_what_makes_ffmpeg_gpl_is_named(bills: dict[str, Any]) -> None:
    for name in ("ffmpeg-arm64", "ffmpeg-x86_64"):
        (ffmpeg,) = [each for each in bills[name]["components"] if each["name"] == "ffmpeg"]
        assert ffmpeg["licenses"] == [{"expression": "GPL-3.0-or-later"}]
        assert {"x264", "x265", "Rubber Band"} <= {each["name"] for each in ffmpeg["components"]}
        assert len(ffmpeg["externalReferences"]) == 3
        assert ffmpeg["version"] in (ROOT / "NOTICE").read_text()


def test_npms_tools_are_listed(schema: jsonschema_rs.Validator) -> None:
    bill = json.loads(written("npm", npm_components(ROOT / "package-lock.json")))

    schema.validate(bill)
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    found = {each["name"]: each["version"] for each in bill["components"]}
    assert wanted.items() <= found.items()


def test_the_same_content_makes_the_same_bill(bills: dict[str, Any]) -> None:
    name = LAYERS[1]

    assert json.loads(of_layer(BUILD / name)) == bills[name]


def test_a_library_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "av.libs").mkdir()
    (tmp_path / "av.libs" / "libnew-0a1b2c3d.so.1").touch()

    with pytest.raises(SbomError, match=r"libnew-0a1b2c3d\.so\.1 is not known"):
        list(wheel_components(tmp_path))


def test_what_ffmpeg_was_built_with_is_read_from_it(tmp_path: Path) -> None:
    assert told_by(PROGRAM) == ("n9.9-test", {"gpl", "libnew"})
    (tmp_path / "ffmpeg-arm64" / "bin").mkdir(parents=True)
    (tmp_path / "ffmpeg-arm64" / "bin" / "ffmpeg").write_bytes(PROGRAM)

    with pytest.raises(SbomError, match="--enable-libnew"):
        of_layer(tmp_path / "ffmpeg-arm64")


def test_a_package_without_a_licence_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd-1.dist-info").mkdir()
    (tmp_path / "odd-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: odd\nVersion: 1\nLicense: ask me\n"
    )

    with pytest.raises(SbomError, match=r"odd 1 tells 'ask me'"):
        list(wheel_components(tmp_path))


@pytest.mark.parametrize(
    ("package", "complaint"),
    [({}, "no licence of node_modules/odd"), ({"license": "see README"}, "no SPDX's")],
)
def test_so_is_a_tool_without_one(tmp_path: Path, package: dict[str, str], complaint: str) -> None:
    lock = tmp_path / "package-lock.json"
    lock.write_text(json.dumps({"packages": {"node_modules/odd": {"version": "1", **package}}}))

    with pytest.raises(SbomError, match=complaint):
        list(npm_components(lock))
