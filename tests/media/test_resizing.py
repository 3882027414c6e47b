"""A published snapshot in another width: right, once, and nothing else."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from functions.resize_snapshot.resize import resize
from functions.shared.errors import FfmpegFailed, PartMissing
from functions.shared.images import image_size
from functions.shared.media_store import Keys, Part
from functions.shared.resizing import ResizeEvent
from tests.media.support import run_ffmpeg

NAMES = {
    "jpeg": ("00000-320.jpg", []),
    "png": ("00000-320.png", []),
    "webp": ("00000-320.webp", ["-lossless", "1"]),
    "avif": ("00000-320.avif", ["-c:v", "libaom-av1", "-cpu-used", "8", "-still-picture", "1"]),
}


class Objects:
    """A store in memory that writes once; `barrier` holds writers until all are there."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.writes = 0
        self.barrier: Barrier | None = None

    def head(self, key: str) -> Part | None:
        if key not in self.kept:
            return None
        body, facts = self.kept[key]
        return Part(key, len(body), hashlib.sha256(body).hexdigest(), facts)

    def read(self, key: str) -> bytes:
        return self.kept[key][0]

    def write_once(
        self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str]
    ) -> bool:
        assert content_type.startswith("image/")
        if self.barrier is not None:
            self.barrier.wait(30)
        self.writes += 1
        return self.kept.setdefault(key, (body, dict(metadata)))[0] is body


@pytest.fixture
def objects(ffmpeg: Path, tmp_path: Path) -> Objects:
    made = Objects()
    for name, options in NAMES.values():
        file = tmp_path / name
        source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:duration=1", "-frames:v", "1"]
        run_ffmpeg([ffmpeg, *source, *options, file])
        made.kept[Keys("j").snapshot(name)] = (file.read_bytes(), {})
    return made


@pytest.mark.parametrize("image_format", NAMES)
def test_it_stays_of_its_format(objects: Objects, tmp_path: Path, image_format: str) -> None:
    asked = ResizeEvent(job_id="j", name=NAMES[image_format][0], width=96)

    made = resize(objects, asked, remaining_s=20)

    assert made.key.endswith(f"resized/00000-320-to-96.{NAMES[image_format][0].split('.')[1]}")
    (tmp_path / "made").write_bytes(objects.read(made.key))
    assert image_size(tmp_path / "made") == (image_format, 96, 54)
    assert (made.width, made.height, made.size_bytes) == (96, 54, len(objects.read(made.key)))
    assert resize(objects, asked, remaining_s=20) == made
    assert objects.writes == 1


def test_two_at_once_keep_one(objects: Objects) -> None:
    objects.barrier = Barrier(2)
    asked = ResizeEvent(job_id="j", name="00000-320.jpg", width=64)

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: resize(objects, asked, remaining_s=20), range(2))

    assert first == second
    assert objects.writes == 2
    assert len([key for key in objects.kept if "resized" in key]) == 1


def test_what_is_no_picture_is_not_resized(objects: Objects) -> None:
    playlist = b"#EXTM3U\nfile:///etc/passwd\n"
    objects.kept[Keys("j").snapshot("sprite.vtt")] = (playlist, {})
    with pytest.raises(FfmpegFailed, match=r"out/snapshots/sprite.vtt is no whole picture"):
        resize(objects, ResizeEvent(job_id="j", name="sprite.vtt", width=64), remaining_s=20)


def test_what_is_not_there_is_not_resized(objects: Objects) -> None:
    with pytest.raises(PartMissing, match=r"has no snapshot '00009-320\.jpg'"):
        resize(objects, ResizeEvent(job_id="j", name="00009-320.jpg", width=64), remaining_s=20)
    with pytest.raises(PartMissing):
        resize(objects, ResizeEvent(job_id="k", name="00000-320.jpg", width=64), remaining_s=20)
