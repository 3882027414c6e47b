"""Sources that no encoder's own settings make, and that are whole all the same."""

import struct
import time
from pathlib import Path

import pytest

from functions.plan_render.source.facts import need_video
from functions.render_chunk.items import render_item
from functions.shared.images import image_size
from functions.shared.media_store import Keys
from functions.shared.moving import moving_picture
from functions.take_snapshots.take import take_batch
from tests.media.ends import SOON_S, probe
from tests.media.support import (
    JOB,
    PLENTY_S,
    FolderStore,
    decode,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
    stitch_job,
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

    # The sound of FLV begins with what its encoder put before it.
    assert plan.clock.zero_s == 0
    assert 25 <= plan.video.total_frames <= 26
    assert render_job(store, plan) == plan.video.total_frames


def test_a_stream_that_ends_in_zeros(store: FolderStore, ffmpeg: Path, source: Path) -> None:
    """As recorders leave it that take their disk beforehand."""
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-f", "mpegts", source]
    run_ffmpeg([ffmpeg, *picture(1), *coding])
    source.write_bytes(source.read_bytes() + bytes(200_000))

    plan = plan_job(store, request(render={"outputs": [QUICK]}), source)

    assert plan.video.total_frames == render_job(store, plan) == 25


def test_a_file_that_cannot_be_sought_in(store: FolderStore, ffmpeg: Path, source: Path) -> None:
    """Times before zero, where Matroska's index has none."""
    tone = ["-f", "lavfi", "-i", "sine=duration=1"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-f", "matroska"]
    early = ["-output_ts_offset", "-0.5", "-avoid_negative_ts", "disabled"]
    run_ffmpeg([ffmpeg, *picture(1), *tone, *coding, *early, source])

    plan = plan_job(store, request(render={"outputs": [QUICK]}), source)

    assert plan.clock.zero_s < 0
    assert render_job(store, plan) == plan.video.total_frames >= 25


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
    if container == "gif":
        assert moving_picture(made) == ("gif", 96, 54, 1)
    else:
        assert image_size(made) == ("webp", 96, 54)


@pytest.mark.parametrize("sizes", [("160x90", "320x180"), ("320x180", "160x90")])
def test_pictures_that_change_their_size(
    sizes: tuple[str, str], store: FolderStore, ffmpeg: Path, source: Path, tmp_path: Path
) -> None:
    """As where a browser records a call. Chunks end before, in and behind the change."""
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-f", "mpegts"]
    for number, size in enumerate(sizes):
        look = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration=1.4"]
        part = tmp_path / f"{number}.ts"
        run_ffmpeg([ffmpeg, *look, *coding, "-output_ts_offset", 1.4 * number, part])
    source.write_bytes(b"".join((tmp_path / f"{number}.ts").read_bytes() for number in (0, 1)))

    for chunk_s in (1, 5):
        wanted = request(render={"outputs": [QUICK]}, chunk_s=chunk_s)
        plan = plan_job(store, wanted, source)
        assert plan.video.total_frames == render_job(store, plan) == 70
        film = decode(ffmpeg, stitch_job(store, plan))
        assert len(set(film.pictures)) == 70


def test_a_container_that_crops(store: FolderStore, ffmpeg: Path, source: Path) -> None:
    """The whole of the coded picture is shown, and not stretched."""
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-f", "mp4"]
    run_ffmpeg([ffmpeg, *picture(0.4), *coding, source])
    plain = render(store, ffmpeg, source)
    source.write_bytes(with_clean_aperture(source.read_bytes(), 120, 60))
    assert "Frame Cropping: 20/20/15/15" in run_ffmpeg(
        [ffmpeg, "-loglevel", "info", "-i", source, "-f", "null", "-"]
    )

    assert render(store, ffmpeg, source) == plain


def test_small_rgb_pictures_keep_the_colours_of_large_ones(
    store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    """FFmpeg scales to RGB from a few samples only unless it is told otherwise: 21 dB."""
    look = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=0.04"]
    coding = ["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"]
    run_ffmpeg([ffmpeg, *look, *coding, "-f", "mp4", source])
    still = {"name": "still", "container": "png", "width": 64}
    taken = {"at_s": [0], "widths": [64], "format": "png"}

    plan = plan_job(store, request(render={"outputs": [still]}, snapshots=taken), source)
    render_item(store, JOB, plan.items[0], remaining_s=PLENTY_S)
    take_batch(store, JOB, 0, remaining_s=PLENTY_S)

    for key in (Keys(JOB).chunk("still", 0, "png"), Keys(JOB).snapshot_part("00000-64.png")):
        both = ["-i", source, "-i", store.path(key)]
        graph = "[0]format=gbrp,scale=64:36:flags=area[a];[1]format=gbrp[b];[a][b]psnr"
        show = ["-loglevel", "info", *both, "-filter_complex", graph, "-f", "null", "-"]
        told = run_ffmpeg([ffmpeg, *show])
        assert float(told.rpartition("average:")[2].split()[0]) > 32


def test_seeking_waits_for_nothing(store: FolderStore, corpus: Path) -> None:
    """A file of little more than one piece, its index last: kept connections took 41 s a frame."""
    plan = plan_job(store, request(snapshots={"at_s": [1]}), corpus / "testWMV_WMV2.wmv")
    started = time.monotonic()
    assert take_batch(store, JOB, 0, remaining_s=PLENTY_S) == 1
    assert plan.snapshots is not None
    assert time.monotonic() - started < SOON_S


def render(store: FolderStore, ffmpeg: Path, source: Path) -> list[str]:
    plan = plan_job(store, request(render={"outputs": [QUICK]}), source)
    render_job(store, plan)
    return decode(ffmpeg, stitch_job(store, plan)).pictures


def with_clean_aperture(data: bytes, width: int, height: int) -> bytes:
    """An MP4 of one track, its tables last, with a `clap` box at the end of its sample entry."""
    film, start, end = bytearray(data), 0, len(data)
    boxes = []
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
        at = film.index(name, start, end) - 4
        boxes.append(at)
        start, end = at + 8, at + int.from_bytes(film[at : at + 4], "big")
    boxes.append(start + 8)
    box = struct.pack(">I4s8I", 40, b"clap", width, 1, height, 1, 0, 1, 0, 1)
    film[end:end] = box
    for at in boxes:
        struct.pack_into(">I", film, at, int.from_bytes(film[at : at + 4], "big") + len(box))
    return bytes(film)
