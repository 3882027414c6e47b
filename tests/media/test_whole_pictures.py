"""Outputs made in one piece: gif, webp and stills."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from functions.render_chunk.items import render_item
from functions.shared.errors import InvalidRequest
from functions.shared.images import image_size
from functions.shared.media_store import Keys, MediaStore
from functions.shared.moving import moving_picture
from tests.media.assembling import assembled, fetch, media_store
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import (
    JOB,
    PLENTY_S,
    FolderStore,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
)

CLIP = Kind("clip", ".mp4", f"{H264} {AAC}", length_s=3, sound_s=3)
MOVING = [
    {"name": "g", "container": "gif", "width": 96, "loop": 2},
    {"name": "w", "container": "webp", "width": 96, "fps": 10, "quality": 60},
]
STILLS = [
    {"name": "j", "container": "jpeg", "at_s": 1.5, "width": 160},
    {"name": "p", "container": "png", "at_s": 1.5, "width": 160, "filename": "cover"},
    {"name": "s", "container": "webp", "at_s": 1.5, "width": 160},
    {"name": "a", "container": "avif", "at_s": 1.5, "width": 160},
]


@pytest.fixture(scope="module")
def clip(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(ffmpeg, CLIP, tmp_path_factory.mktemp("whole"))


@pytest.fixture
def published() -> Iterator[MediaStore]:
    with media_store() as store:
        yield store


def test_moving_pictures_and_stills_beside_a_file_of_chunks(
    ffmpeg: Path, store: FolderStore, published: MediaStore, clip: Path
) -> None:
    video = {"name": "v", "height": 90, "video": {"preset": "ultrafast"}}
    wanted = [video, *MOVING, *STILLS]
    plan = plan_job(store, request(render={"outputs": wanted}, chunk_s=2), clip)
    assert [(item.start_frame, item.end_frame) for item in plan.items] == [
        *((0, 60), (60, 90)),
        *((0, 90), (0, 90)),
        *[(45, 46)] * 4,
    ]
    render_job(store, plan)
    frames = [render_item(store, JOB, item, remaining_s=PLENTY_S) for item in plan.items[2:]]
    assert frames == [36, 30, 1, 1, 1, 1]

    result = assembled(store, plan, published)

    assert [output.name for output in result.outputs] == list("vgwjpsa")
    files = {one.name: fetch(published, one.key, store.folder) for one in result.outputs}
    assert moving_picture(files["g"]) == ("gif", 96, 54, 36)
    assert moving_picture(files["w"]) == ("webp", 96, 54, 30)
    assert {name: image_size(files[name]) for name in "jpsa"} == {
        "j": ("jpeg", 160, 90),
        "p": ("png", 160, 90),
        "s": ("webp", 160, 90),
        "a": ("avif", 160, 90),
    }
    for name in "jpsa":
        assert psnr(ffmpeg, files[name], clip, 45, "format=gray") > 34
        assert psnr(ffmpeg, files[name], clip, 45, "format=gbrp,scale=16:9:flags=area") > 34
    png = published.s3.head_object(Bucket=published.bucket, Key=Keys(JOB).output("p", "png"))
    assert png["ContentType"] == "image/png"
    assert png["ContentDisposition"].startswith('attachment; filename="cover.png"')
    with av.open(str(files["g"])) as opened:
        times = [float(frame.time or 0) for frame in opened.decode(video=0)]
    assert times == pytest.approx([i / 12 for i in range(36)], abs=0.02)


@pytest.mark.parametrize("container", ["png", "webp"])
def test_a_still_of_transparent_pictures(
    ffmpeg: Path, store: FolderStore, tmp_path: Path, container: str
) -> None:
    film = tmp_path / "half.mov"
    half = "color=0xC86432@0.5:size=64x48:rate=10:duration=1,format=rgba"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", half, "-c:v", "qtrle", film])
    wanted = {"name": "s", "container": container, "at_s": 0.5}
    plan = plan_job(store, request(render={"outputs": [wanted]}), film)

    render_item(store, JOB, plan.items[0], remaining_s=PLENTY_S)

    file = store.path(Keys(JOB).chunk("s", 0, container))
    assert image_size(file) == (container, 64, 48)
    file.write_bytes(file.read_bytes()[:-1])
    assert image_size(file) is None


@pytest.mark.parametrize("drawn", ["color=red", "testsrc2=rate=5"])
@pytest.mark.parametrize("container", ["gif", "webp"])
def test_moving_pictures_of_a_film_that_stands_still(
    ffmpeg: Path, store: FolderStore, tmp_path: Path, drawn: str, container: str
) -> None:
    film = tmp_path / "still.mp4"
    source = f"{drawn}:size=64x48:duration=3"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", source, "-r", "25", *H264.split(), film])
    wanted = {"name": "w", "container": container, "fps": 20}
    plan = plan_job(store, request(render={"outputs": [wanted]}), film)
    [item] = plan.items

    assert render_item(store, JOB, item, remaining_s=PLENTY_S) == 60

    file = store.path(Keys(JOB).chunk("w", 0, container))
    assert (moving_picture(file) or image_size(file) or ())[:3] == (container, 64, 48)


def psnr(ffmpeg: Path, picture: Path, clip: Path, frame: int, seen: str) -> float:
    """Of a still against the frame it shows, both seen through a filter."""
    one = f"trim=start_frame={frame}:end_frame={frame + 1},setpts=0,scale=160:90"
    graph = f"[0:v]{one},{seen}[a];[1:v]setpts=0,{seen}[b];[a][b]psnr"
    show = ["-loglevel", "info", "-i", clip, "-i", picture, "-lavfi", graph, "-f", "null", "-"]
    told = run_ffmpeg([ffmpeg, *show])
    return float(told.rpartition("average:")[2].split()[0])


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"container": "png", "at_s": 3.0}, "at_s: 3 s is outside the timeline"),
        ({"container": "gif", "width": 1924}, "2,073,600 pixels at most"),
    ],
)
def test_what_cannot_be_made_is_refused(
    store: FolderStore, clip: Path, output: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        plan_job(store, request(render={"outputs": [output]}), clip)


def test_a_picture_that_is_there_is_not_made_again(store: FolderStore, clip: Path) -> None:
    plan = plan_job(store, request(render={"outputs": [STILLS[1]]}), clip)
    assert plan.chunks == ()
    [item] = plan.items
    render_item(store, JOB, item, remaining_s=PLENTY_S)
    key = Keys(JOB).chunk("p", 0, "png")
    first = store.path(key).stat().st_mtime_ns

    render_item(store, JOB, item, remaining_s=PLENTY_S)

    assert store.path(key).stat().st_mtime_ns == first
