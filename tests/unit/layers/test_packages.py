"""What is in each layer: few packages, by name, from hashes only."""

import hashlib
import re
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from layers import building
from layers.building import BUILD, REQUIREMENTS, LayerError, pip_install

IN_EVERY_FUNCTION = {
    "annotated-types",
    "aws-lambda-powertools",
    "botocore",
    "jmespath",
    "m3u8",
    "pydantic",
    "pydantic-core",
    "python-dateutil",
    "s3transfer",
    "six",
    "standardwebhooks",
    "typing-extensions",
    "typing-inspection",
    "urllib3",
}
IN_THE_PLANNER = {"av", "pysubs2"}
IN_RENDERERS = {
    "bin/ffmpeg",
    "etc/cacert.pem",
    "etc/fonts/fonts.conf",
    "share/fonts/DejaVuSans-Bold.ttf",
    "share/fonts/DejaVuSans.ttf",
    "share/fonts/DejaVuSansMono.ttf",
    "share/fonts/DejaVuSerif-Bold.ttf",
    "share/fonts/DejaVuSerif.ttf",
    "share/fonts/LICENSE",
}
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
WHEEL = "tiny-1.0-py3-none-any.whl"


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
@pytest.mark.parametrize(
    ("layer", "expected"), [("python", IN_EVERY_FUNCTION), ("probe", IN_THE_PLANNER)]
)
def test_a_layer_holds_these_packages_and_no_other(
    layer: str, expected: set[str], architecture: str
) -> None:
    """A new one is in every function, or in the planner: is it worth it there?"""
    packages = BUILD / f"{layer}-py313-{architecture}" / "python"

    found = {canonical(each.name) for each in distributions(path=[str(packages)])}

    assert found == expected
    beside = {entry.name for entry in packages.iterdir() if entry.suffix != ".dist-info"}
    assert len(beside - {"av.libs", "__pycache__"}) == len(expected)


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_renderers_hold_these_files_and_no_other(architecture: str) -> None:
    folder = BUILD / f"ffmpeg-{architecture}"

    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}

    assert found == IN_RENDERERS


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_locked_package_has_one_version_and_its_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip().replace("\\\n", ""))

    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.!+]+( ; .+?)?\s+--hash", entry), entry
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in hashes(entry))


class TestInstalling:
    """With the packages' own installer, and an index that is a folder."""

    @pytest.fixture(autouse=True)
    def _index(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with zipfile.ZipFile(tmp_path / WHEEL, "w") as wheel:
            wheel.writestr("tiny.py", "")
            wheel.writestr(
                "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
            )
            wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr("tiny-1.0.dist-info/RECORD", "")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")

    def install(self, folder: Path, hashed: str) -> Path:
        lock = folder / "lock.txt"
        lock.write_text(f"tiny==1.0{hashed}\n")
        pip_install(lock, folder / "made", "arm64", "3.13")
        return folder / "made" / "tiny.py"

    def test_the_locked_wheel_is_taken(self, tmp_path: Path) -> None:
        own = hashlib.sha256((tmp_path / WHEEL).read_bytes()).hexdigest()

        assert self.install(tmp_path, f" --hash=sha256:{own}").exists()

    @pytest.mark.parametrize("hashed", ["", f" --hash=sha256:{'0' * 64}"], ids=["none", "another"])
    def test_no_other_is(self, tmp_path: Path, hashed: str) -> None:
        with pytest.raises(LayerError, match="pip install"):
            self.install(tmp_path, hashed)

        assert not (tmp_path / "made" / "tiny.py").exists()


def test_nothing_is_built_from_source_for_either_architecture() -> None:
    for architecture in ("arm64", "x86_64"):
        options = building._wheels(Path("lock.txt"), architecture)
        assert {"--only-binary=:all:", "--require-hashes", "--no-deps"} <= set(options)


def hashes(entry: str) -> list[str]:
    return [word for word in entry.split() if word.startswith("--hash")]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
