"""A moving picture that is not whole is not taken for one."""

import subprocess
from pathlib import Path

import pytest

from functions.shared.moving import moving_picture


@pytest.fixture(scope="module", params=["gif", "webp"])
def picture(
    request: pytest.FixtureRequest, ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    file: Path = tmp_path_factory.mktemp("moving") / f"a.{request.param}"
    source = ["-f", "lavfi", "-i", "testsrc2=size=48x32:rate=5:duration=1.4"]
    encoder = {"gif": ["-f", "gif"], "webp": ["-c:v", "libwebp_anim", "-f", "webp"]}[request.param]
    command = [str(ffmpeg), "-v", "error", "-y", *source, *encoder, str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return file


def test_a_whole_one_tells_its_size_and_frames(picture: Path) -> None:
    assert moving_picture(picture) == (picture.suffix[1:], 48, 32, 7)


@pytest.mark.parametrize("part", [0, 0.001, 0.005, 0.1, 0.5, 0.9999])
def test_one_that_is_cut_short_is_none(picture: Path, tmp_path: Path, part: float) -> None:
    data = picture.read_bytes()
    cut = tmp_path / picture.name
    cut.write_bytes(data[: int(part * len(data))])
    assert moving_picture(cut) is None


def test_one_that_something_follows_is_none(picture: Path, tmp_path: Path) -> None:
    more = tmp_path / picture.name
    more.write_bytes(picture.read_bytes() + b";;")
    assert moving_picture(more) is None


def test_what_is_no_moving_picture_is_none(tmp_path: Path) -> None:
    text = tmp_path / "a.gif"
    text.write_text("GIF87a and no more")
    assert moving_picture(text) is None
    assert moving_picture(tmp_path / "none.gif") is None
