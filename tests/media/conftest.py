"""Media tests run the real functions and the layer's real ffmpeg on a served folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.serving import Faults, serve
from tests.media.support import FolderStore


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def store(tmp_path: Path, faults: Faults, ffmpeg: Path) -> Iterator[FolderStore]:
    assert ffmpeg.exists()
    with serve(tmp_path, faults) as address:
        yield FolderStore(tmp_path, address)
