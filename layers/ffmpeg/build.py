"""Build the ffmpeg layer: `bin/ffmpeg`, which Lambda puts on PATH, and the certificates it trusts.

python -m layers.ffmpeg.build --architecture arm64
"""

import hashlib
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from layers.building import (
    REQUIREMENTS,
    LayerError,
    build,
    folder_name,
    parse_arguments,
    pip_download,
)

LOCK = REQUIREMENTS / "ffmpeg.txt"
SHA256 = {
    "x86_64": "0d709a0bed1a43f24cd2c420878c63afea4580671b6949ad19ed124572f3bc3d",
    "arm64": "0b0b5ac30495b4e07ce1321b8d58200f901f57782884a8b6b264c7528c2c9e77",
}
"""Of the binaries themselves, beside the wheels' own hashes in the lock."""


def fill(folder: Path, architecture: str) -> None:
    with tempfile.TemporaryDirectory() as wheels:
        pip_download(LOCK, Path(wheels), architecture)
        binary = folder / "bin" / "ffmpeg"
        _extract(Path(wheels), "imageio_ffmpeg-*.whl", "imageio_ffmpeg/binaries/ffmpeg-", binary)
        _extract(Path(wheels), "certifi-*.whl", "certifi/cacert.pem", folder / "etc/cacert.pem")
    with binary.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != SHA256[architecture]:
        raise LayerError(f"bin/ffmpeg for {architecture} is not ours: its SHA-256 is {found}")
    binary.chmod(0o755)


def _extract(wheels: Path, wheel: str, member: str, to: Path) -> None:
    """Take the one file whose path begins with `member` out of the one wheel named so."""
    (path,) = wheels.glob(wheel)
    to.parent.mkdir()
    with zipfile.ZipFile(path) as archive:
        (name,) = [name for name in archive.namelist() if name.startswith(member)]
        with archive.open(name) as source, to.open("wb") as target:
            shutil.copyfileobj(source, target)


def main() -> None:
    architecture = parse_arguments(__doc__, with_python=False).architecture
    build(
        folder_name("ffmpeg", architecture),
        [LOCK, Path(__file__)],
        lambda folder: fill(folder, architecture),
    )


if __name__ == "__main__":
    try:
        main()
    except LayerError as error:
        sys.exit(str(error))
