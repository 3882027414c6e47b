"""How a layer is built: once, whole or not at all, the same everywhere. Nothing is downloaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from layers import building
from layers.building import LayerError, build, folder_name
from layers.ffmpeg import build as ffmpeg_layer

Fill = Callable[[Path], None]


@pytest.fixture(autouse=True)
def _builds_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "BUILD", tmp_path / "layers")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.txt"
    path.write_text("package==1")
    return path


def filling(text: str, calls: list[str]) -> Fill:
    def fill(folder: Path) -> None:
        calls.append(text)
        (folder / "bin").mkdir(mode=0o700)
        (folder / "bin" / "tool").write_text(text)
        (folder / "bin" / "tool").chmod(0o700)
        (folder / "notes.txt").write_text(text)
        (folder / "notes.txt").chmod(0o600)

    return fill


def test_names_have_no_dots() -> None:
    assert folder_name("ffmpeg", "arm64") == "ffmpeg-arm64"
    assert folder_name("python", "x86_64", "3.13") == "python-py313-x86_64"


def test_what_is_built_is_not_built_again(lock: Path) -> None:
    calls: list[str] = []

    first = build("tool", [lock], filling("one", calls))
    again = build("tool", [lock], filling("two", calls))

    assert (first, calls) == (again, ["one"])


def test_a_changed_lock_builds_anew(lock: Path) -> None:
    calls: list[str] = []
    build("tool", [lock], filling("one", calls))

    lock.write_text("package==2")
    built = build("tool", [lock], filling("two", calls))

    assert calls == ["one", "two"]
    assert (built / "bin" / "tool").read_text() == "two"


def test_a_lost_folder_is_built_anew(lock: Path) -> None:
    calls: list[str] = []
    built = build("tool", [lock], filling("one", calls))
    built.rename(built.with_name("elsewhere"))

    build("tool", [lock], filling("two", calls))

    assert calls == ["one", "two"]


def test_a_failed_build_leaves_nothing_half_done(lock: Path) -> None:
    built = build("tool", [lock], filling("one", []))
    lock.write_text("package==2")

    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise LayerError("no index")

    with pytest.raises(LayerError):
        build("tool", [lock], fail)

    assert not (built / "half").exists()
    assert [path.name for path in built.parent.iterdir() if path.is_dir()] == ["tool"]
    calls: list[str] = []
    build("tool", [lock], filling("two", calls))
    assert calls == ["two"]


def test_modes_and_times_are_the_same_everywhere(lock: Path) -> None:
    built = build("tool", [lock], filling("one", []))

    modes = {
        path.relative_to(built).as_posix(): oct(path.stat().st_mode & 0o777)
        for path in [built, *built.rglob("*")]
    }
    assert modes == {".": "0o755", "bin": "0o755", "bin/tool": "0o755", "notes.txt": "0o644"}
    assert len({path.stat().st_mtime for path in [built, *built.rglob("*")]}) == 1


@pytest.mark.parametrize(("spoiled", "says"), [(False, "make setup"), (True, "is not ours")])
def test_only_the_fonts_that_were_meant_are_packed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoiled: bool,  # noqa: FBT001 - a parameter of the test
    says: str,
) -> None:
    monkeypatch.setattr(ffmpeg_layer, "DEJAVU", tmp_path)
    if spoiled:
        (tmp_path / "ttf").mkdir()
        for path in ffmpeg_layer.FONTS:
            (tmp_path / path).write_bytes(b"another font")
    with pytest.raises(LayerError, match=says):
        ffmpeg_layer._add_fonts(tmp_path / "fonts")
