"""How every layer is built: from pinned wheels, once, whole or not at all, the same on any host."""

import argparse
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "layers"
REQUIREMENTS = ROOT / "requirements"

_WHEEL_ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
_EPOCH_S = 315_532_800
"""1980-01-01, the earliest a zip file can hold."""


class LayerError(RuntimeError):
    """The layer can't be built; the message says what to do."""


def parse_arguments(description: str | None, *, with_python: bool) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--architecture", choices=sorted(_WHEEL_ARCHITECTURES), required=True)
    if with_python:
        parser.add_argument("--python", required=True, metavar="3.13", help="Lambda's Python")
    return parser.parse_args()


def folder_name(layer: str, architecture: str, python: str | None = None) -> str:
    """`ffmpeg-arm64`, `python-py313-arm64`. No dots: the CDK would take them for an extension."""
    parts = [layer, f"py{python.replace('.', '')}" if python else None, architecture]
    return "-".join(part for part in parts if part)


def build(
    name: str, inputs: Sequence[Path], fill: Callable[[Path], None], python: str | None = None
) -> Path:
    """Make `build/layers/<name>` by `fill(folder)`, unless it is there from the same inputs.

    `python`: of the modules in it, where it has some.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    target, stamp = BUILD / name, BUILD / f"{name}.stamp"
    with _only_one(BUILD / f"{name}.lock"):
        compiled = python is not None and interpreter(python) is not None
        digest = f"{_digest([*inputs, Path(__file__)])} {'with' if compiled else 'no'} bytecode"
        if target.is_dir() and stamp.exists() and stamp.read_text() == digest:
            return target
        stamp.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILD, prefix=f".{name}-") as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            fill(made)
            _settle(made)
            if target.exists():
                target.rename(Path(scratch) / "old")
            made.rename(target)
        stamp.write_text(digest)
    size_mb = sum(file.stat().st_size for file in target.rglob("*") if file.is_file()) / 1e6
    print(f"built build/layers/{name} ({size_mb:.0f} MB)", flush=True)
    return target


def compile_modules(folder: Path, python: str, root: str) -> None:
    """Each module's bytecode beside it: Lambda's disk can't be written, so that without it every
    cold start compiles all it imports. Read without a look at the source, as nothing changes there.

    `root` is where Lambda shows `folder`. Nothing is done where that Python is not at hand.
    """
    program = interpreter(python)
    if program is None:
        print(
            f"python{python} is not at hand: this has no bytecode, and each cold start compiles "
            "what it imports (docs/performance.md)",
            flush=True,
        )
        return
    command = [program, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    ended = subprocess.run(
        [*command, "-s", str(folder), "-p", root, str(folder)],
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    if ended.returncode:
        raise LayerError(f"python{python} can't compile a module; what it printed says which.")


@functools.cache
def interpreter(python: str) -> str | None:
    """The program of that version, as bytecode is good for one only: this one, or one on PATH."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == python:
        return sys.executable
    program = shutil.which(f"python{python}")
    if program is None:
        return None
    # What manages versions leaves names on PATH of those that are not in use.
    told = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    return program if told.stdout.startswith(f"Python {python}.") else None


def pip_download(requirements: Path, folder: Path, architecture: str) -> None:
    """The requirement's wheels for Lambda's Linux, each held against its hash in the lock."""
    _pip("download", "--dest", str(folder), *_wheels(requirements, architecture))


def pip_install(requirements: Path, folder: Path, architecture: str, python: str) -> None:
    """What `pip install` would put into site-packages there, less what differs between hosts."""
    version = ["--implementation", "cp", "--python-version", python]
    _pip(
        "install",
        "--no-compile",
        *("--target", str(folder)),
        *version,
        *_wheels(requirements, architecture),
    )
    # Scripts name this host's interpreter, and RECORD holds their hashes.
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for record in folder.glob("*.dist-info/RECORD"):
        record.unlink()


def _wheels(requirements: Path, architecture: str) -> list[str]:
    machine = _WHEEL_ARCHITECTURES[architecture]
    return [
        *("--no-deps", "--require-hashes", "--only-binary=:all:"),
        *("--platform", f"manylinux2014_{machine}", "--platform", f"manylinux_2_28_{machine}"),
        *("--requirement", str(requirements)),
    ]


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "-qq", "--disable-pip-version-check"]
    ended = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    if ended.returncode:
        raise LayerError(
            f"`pip {arguments[0]}` ended with {ended.returncode}: what it printed says why. The "
            "first build of a layer needs the package index; later ones don't."
        )


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Two builds of one layer at a time would undo each other's work."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _digest(files: Sequence[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(hashlib.sha256(file.read_bytes()).digest())
        total.update(os.path.relpath(file, ROOT).encode())
    return total.hexdigest()


def _settle(folder: Path) -> None:
    """One mode and one time for all files, so that the same content makes the same package."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        is_executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if is_executable else 0o644)
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (_EPOCH_S, _EPOCH_S), follow_symlinks=False)
