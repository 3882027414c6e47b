"""The store and the job that the tests of assemble_render begin with."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from functions.shared.media_store import MediaStore
from tests.unit.assemble_render.jobs import SOUND, Job, make_plan
from tests.unit.mp4.making import NTSC, make_audio, make_chunk


@dataclass(frozen=True)
class Material:
    """Parts on disk, made once."""

    folder: Path

    def chunk(self, size: str, start_frame: int, frames: int, *x264: str) -> Path:
        file = self.folder / f"{size}-{start_frame}-{frames}{'-'.join(x264)}.mp4"
        if not file.exists():
            make_chunk(file, NTSC, start_frame, frames, *x264, size=size)
        return file

    @property
    def audio(self) -> Path:
        file = self.folder / "a.m4a"
        return file if file.exists() else make_audio(file, 2.0)


@pytest.fixture(scope="session")
def material(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    _ = ffmpeg
    return Material(tmp_path_factory.mktemp("parts"))


@pytest.fixture
def job(store: MediaStore, material: Material) -> Job:
    """Every part of `make_plan()` is there and good."""
    job = Job(store, make_plan())
    store.write_plan(job.plan)
    for output in job.plan.outputs:
        size = f"{output.width}x{output.height}"
        for chunk in job.plan.chunks:
            file = material.chunk(size, chunk.start_frame, chunk.frames)
            job.put_chunk(output.name, chunk.index, file, chunk.frames)
    job.put(job.keys.audio(SOUND.file_name), material.audio.read_bytes())
    job.put_pictures()
    return job
