"""Build the ffmpeg layer: `bin/ffmpeg`, which Lambda puts on PATH, the certificates it trusts, and
the fonts it draws with (from node_modules: `make setup` first).

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
    ROOT,
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
DEJAVU = ROOT / "node_modules" / "dejavu-fonts-ttf"
FONTS = {
    "ttf/DejaVuSans.ttf": "7da195a74c55bef988d0d48f9508bd5d849425c1770dba5d7bfc6ce9ed848954",
    "ttf/DejaVuSans-Bold.ttf": "e6476c1b80502924294eed40894c5b18e06c181444ca953e5334262df9c27724",
    "ttf/DejaVuSansMono.ttf": "b4a6c3e4faab8773f4ff761d56451646409f29abedd68f05d38c2df667d3c582",
    "ttf/DejaVuSerif.ttf": "42d1edeb7952f31b1f96d767ed7030b08a39e0c372b0071641518864e2bffb51",
    "ttf/DejaVuSerif-Bold.ttf": "c47b5527bcdc8dcf9ea8c77054454c5a884beaca2f44851a2a823ee639cbf07f",
    "LICENSE": "7a083b136e64d064794c3419751e5c7dd10d2f64c108fe5ba161eae5e5958a93",
}
"""By their paths in the package; their license asks to go with them."""
FONTCONFIG = Path(__file__).with_name("fonts.conf")


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
    _add_fonts(folder / "share" / "fonts")
    (folder / "etc" / "fonts").mkdir()
    shutil.copyfile(FONTCONFIG, folder / "etc" / "fonts" / "fonts.conf")


def _add_fonts(folder: Path) -> None:
    folder.mkdir(parents=True)
    for path, expected in FONTS.items():
        file = DEJAVU / path
        if not file.exists():
            raise LayerError(f"{file.name} is not in node_modules; run `make setup` first")
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != expected:
            raise LayerError(f"{file.name} is not ours: its SHA-256 is {found}")
        shutil.copyfile(file, folder / file.name)


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
        [LOCK, FONTCONFIG, Path(__file__)],
        lambda folder: fill(folder, architecture),
    )


if __name__ == "__main__":
    try:
        main()
    except LayerError as error:
        sys.exit(str(error))
