"""Sources that no encoder's own settings make, and that are whole all the same."""

from pathlib import Path

import pytest

from functions.plan_render.facts import need_video
from functions.render_chunk.items import render_item
from functions.shared.media_store import Keys
from functions.shared.moving import moving_picture
from tests.media.ends import probe
from tests.media.support import (
    JOB,
    PLENTY_S,
    FolderStore,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
)

QUICK = {"name": "video", "height": 90, "video": {"preset": "ultrafast"}}


def picture(length_s: float, rate: int = 25) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=size=160x90:rate={rate}:duration={length_s}"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "made"


def test_pictures_that_begin_after_the_sound_in_a_file_without_an_index(
    store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    """No key frame stands at the file's start, where its packets are read from once more."""
    tone = ["-f", "lavfi", "-i", "sine=sample_rate=44100:duration=1"]
    coding = ["-c:v", "flv", "-c:a", "libmp3lame", "-f", "flv", source]
    run_ffmpeg([ffmpeg, "-itsoffset", "0.2", *picture(0.8), *tone, *coding])

    plan = plan_job(store, request(render={"outputs": [QUICK]}), source)

    assert plan.video.total_frames == 25
    assert render_job(store, plan) == 25


def test_pictures_that_last_one_tick_are_as_long_as_the_others(
    store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-bsf:v", "setts=duration=1"]
    run_ffmpeg([ffmpeg, *picture(1), *coding, "-f", "matroska", source])

    assert need_video(probe(store, source.read_bytes())).end_s == 1
    plan = plan_job(store, request(render={"outputs": [QUICK]}), source)
    assert plan.video.total_frames == render_job(store, plan) == 25


@pytest.mark.parametrize("container", ["gif", "webp"])
def test_a_single_picture_moves_for_one_frame(
    container: str, store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    """A frame of 33 ms is less than half of one that lasts a twelfth of a second."""
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-f", "mp4"]
    run_ffmpeg([ffmpeg, *picture(0.03, rate=30), *coding, source])
    output = {"name": "moving", "container": container, "width": 96}

    plan = plan_job(store, request(render={"outputs": [output]}), source)

    assert [render_item(store, JOB, item, remaining_s=PLENTY_S) for item in plan.items] == [1]
    made = store.path(Keys(JOB).chunk("moving", 0, container))
    assert moving_picture(made) == (container, 96, 54, 1)
