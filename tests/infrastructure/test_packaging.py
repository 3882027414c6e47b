"""What is in each function's package and layers, and that AWS takes it."""

import importlib.util
import platform
import sys
from pathlib import Path

import pytest

from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import FOLDERS, Resource, Synthesis

UNZIPPED_LIMIT_BYTES = 262_144_000
UNCHECKED = 1
"""The flag of bytecode that is not held against its source (PEP 552)."""
RENDERERS = {
    "render_chunk",
    "render_audio",
    "take_snapshots",
    "take_live_snapshots",
    "assemble_render",
    "resize_snapshot",
}


def size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def holds(layer: Resource, stack: Synthesis, path: str) -> bool:
    return (stack.asset(layer["Content"]) / path).exists()


@pytest.mark.aws("lambda-size")
@pytest.mark.parametrize("folder", FOLDERS)
def test_code_and_layers_fit_lambda(either: Synthesis, folder: str) -> None:
    function = either.functions()[folder]
    parts = [function["Code"], *(layer["Content"] for layer in either.layers_of(function))]

    total = sum(size_bytes(either.asset(part)) for part in parts)

    assert 10_000_000 < total < UNZIPPED_LIMIT_BYTES


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_package_holds_one_function_and_what_all_share(stack: Synthesis, folder: str) -> None:
    package = stack.asset(stack.functions()[folder]["Code"])

    assert [entry.name for entry in package.iterdir()] == ["functions"]
    assert {entry.name for entry in (package / "functions").iterdir()} - {"__pycache__"} == {
        "__init__.py",
        "shared",
        folder,
    }
    assert (package / "functions" / "shared" / "job.py").is_file()


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_has_its_bytecode_where_its_python_is_here(
    synthesize: Synthesize, folder: str
) -> None:
    """Read unchecked: on Lambda nothing changes it, and a package's times say nothing."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    stack = synthesize(target="local", python=own, architecture=machine)
    function = stack.functions()[folder]
    for part in [function["Code"], *(layer["Content"] for layer in stack.layers_of(function))]:
        for module in stack.asset(part).rglob("*.py"):
            bytecode = Path(importlib.util.cache_from_source(str(module)))
            assert int.from_bytes(bytecode.read_bytes()[4:8], "little") == UNCHECKED, module


@pytest.mark.parametrize("folder", FOLDERS)
def test_layers_are_where_they_are_needed_only(stack: Synthesis, folder: str) -> None:
    layers = stack.layers_of(stack.functions()[folder])

    assert any(holds(layer, stack, "python/pydantic") for layer in layers)
    has_ffmpeg = any(holds(layer, stack, "bin/ffmpeg") for layer in layers)
    has_prober = any(holds(layer, stack, "python/av") for layer in layers)
    assert (has_ffmpeg, has_prober) == (folder in RENDERERS, folder == "plan_render")


def test_layers_and_functions_are_of_one_architecture(either: Synthesis) -> None:
    machine = {"arm64": b"\xb7\x00", "x86_64": b"\x3e\x00"}
    for function in either.functions().values():
        (architecture,) = function["Architectures"]
        for layer in either.layers_of(function):
            assert layer["CompatibleArchitectures"] == [architecture]
            assert layer["CompatibleRuntimes"] == [function["Runtime"]]
            folder = either.asset(layer["Content"])
            binaries = [folder / "bin" / "ffmpeg", *folder.rglob("*.so")]
            for binary in binaries:
                if binary.exists():
                    head = binary.read_bytes()[:20]
                    assert (head[:4], head[18:20]) == (b"\x7fELF", machine[architecture])


def test_ffmpeg_stays_executable_and_has_its_certificates(either: Synthesis) -> None:
    (layer,) = [
        layer
        for layer in either.layers_of(either.functions()["render_chunk"])
        if holds(layer, either, "bin/ffmpeg")
    ]

    folder = either.asset(layer["Content"])
    assert (folder / "bin" / "ffmpeg").stat().st_mode & 0o111 == 0o111
    assert "BEGIN CERTIFICATE" in (folder / "etc" / "cacert.pem").read_text()


def test_the_same_tree_makes_the_same_template(stack: Synthesis, synthesize: Synthesize) -> None:
    again = synthesize(architecture="arm64", stage="main")

    assert again.folder != stack.folder
    assert again.template == stack.template
