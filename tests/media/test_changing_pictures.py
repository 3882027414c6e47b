"""Sources whose pictures change their colours, size or samples in mid-stream, as where the films of
several cameras were put one behind the other: all chunks fit together, and show the same."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from functions.render_chunk.items import render_item
from functions.shared.media_store import Keys
from functions.take_snapshots.take import take_batch
from tests.media.assembling import assembled, media_store
from tests.media.changing import (
    VP9,
    X264,
    Part,
    chunks_of_a_second,
    colour_in_the_box,
    frames,
    joined,
    planned,
    rendered,
    tags,
)
from tests.media.support import JOB, PLENTY_S, FolderStore, plan_job, request, run_ffmpeg

GREEN = (0x20, 0xB0, 0x40)
WHITE = (255, 255, 255)
HD = Part(("bt709", "bt709", "bt709", "tv"))
SD_MATRIX = Part(("bt709", "bt709", "smpte170m", "tv"))
FULL = Part(("bt709", "bt709", "bt709", "pc"))
UNTAGGED = Part(("unknown",) * 4, numbers="bt709")
LARGE = Part(HD.tags, size="144x96")
DEEP = Part(HD.tags, pixels="yuv422p10le")
PQ = Part(("bt2020", "smpte2084", "bt2020nc", "tv"), pixels="yuv420p10le", box="0x949494")
"""Its box is SDR's white: 203 cd/m²."""
PQ_WHITE = (0x94, 0x94, 0x94)
SDR_WHITE = replace(HD, box="0xFFFFFF")
SHORT_S = Fraction(9, 10)
_GRADED_ON = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
GRADED = [
    *("-c:v", "libx265", "-preset", "ultrafast", "-crf", "4", "-x265-params"),
    f"log-level=error:repeat-headers=1:pools=1:master-display={_GRADED_ON}:max-cll=1000,400",
]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((HD, SD_MATRIX, FULL), (1, 1, 1, 1)),
        ((SD_MATRIX, HD), (1, 1, 6, 1)),
        ((FULL, SD_MATRIX), (1, 1, 1, 2)),
    ],
    ids=["hd-sd-full", "sd-hd", "full-sd"],
)
def test_matrix_and_range_become_the_first_pictures(
    ffmpeg: Path,
    store: FolderStore,
    tmp_path: Path,
    parts: tuple[Part, ...],
    told: tuple[int, int, int, int],
) -> None:
    film = chunks_of_a_second(ffmpeg, store, joined(ffmpeg, tmp_path, *parts))

    assert {tags(frame) for frame in frames(film)} == {told}
    for frame in frames(film):
        assert colour_in_the_box(frame) == pytest.approx(GREEN, abs=6)


def test_what_the_first_picture_leaves_unsaid_nobody_says(
    ffmpeg: Path, store: FolderStore, tmp_path: Path
) -> None:
    """And what a later one leaves unsaid is the first's: no number changes, either way."""
    film = chunks_of_a_second(ffmpeg, store, joined(ffmpeg, tmp_path, UNTAGGED, HD))
    assert len({tags(frame) for frame in frames(film)}) == 1
    assert tags(next(frames(film)))[:3] == (2, 2, 2)
    boxes = {colour_in_the_box(frame) for frame in frames(film)}
    assert len(boxes) == 1

    film = chunks_of_a_second(ffmpeg, store, joined(ffmpeg, tmp_path, HD, UNTAGGED))
    assert {tags(frame) for frame in frames(film)} == {(1, 1, 1, 1)}
    assert len({colour_in_the_box(frame) for frame in frames(film)}) == 1


def test_hdr_in_mid_stream_becomes_sdr_like_the_rest(
    ffmpeg: Path, store: FolderStore, tmp_path: Path
) -> None:
    parts = [replace(part, length_s=SHORT_S) for part in (HD, PQ)]
    film = rendered(store, planned(store, joined(ffmpeg, tmp_path, *parts), 2))

    *_, last = frames(film)
    assert {(frame.format.name, *tags(frame)) for frame in frames(film)} == {
        ("yuv420p", 1, 1, 1, 1)
    }
    assert colour_in_the_box(last) == pytest.approx(WHITE, abs=6)


def test_sdr_in_mid_stream_becomes_hdr_like_the_rest(
    ffmpeg: Path, store: FolderStore, tmp_path: Path
) -> None:
    """And what the film was graded on is told, also by a chunk that reads none of it."""
    parts = replace(PQ, length_s=SHORT_S), replace(SDR_WHITE, length_s=Fraction(21, 10))
    file, copied = joined(ffmpeg, tmp_path, *parts, coding=GRADED), tmp_path / "copied.ts"
    for source, to in ((file, copied), (copied, file := tmp_path / "film.mp4")):
        # The container forgets what the pictures of the first part say themselves.
        run_ffmpeg([ffmpeg, "-i", source, "-c", "copy", to])
    video = {"codec": "hevc", "lossless": True, "preset": "ultrafast"}
    wanted = request(render={"outputs": [{"name": "video", "video": video}]}, chunk_s=2)
    plan = plan_job(store, wanted, file)
    assert [chunk.frames for chunk in plan.chunks] == [20, 10]
    film = rendered(store, plan)

    told = {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"}
    for frame in frames(film):
        assert (frame.format.name, *tags(frame)) == ("yuv420p10le", 9, 16, 9, 1)
        assert all(frame.side_data.get(kind) is not None for kind in told)
        assert colour_in_the_box(frame) == pytest.approx(PQ_WHITE, abs=2)


@pytest.mark.parametrize(
    ("parts", "coding", "suffix"),
    [((HD, LARGE, DEEP), X264, "mkv"), ((HD, LARGE), VP9, "webm")],
    ids=["h264", "vp9"],
)
def test_size_and_samples_become_the_first_pictures(
    ffmpeg: Path,
    store: FolderStore,
    tmp_path: Path,
    parts: tuple[Part, ...],
    coding: list[str],
    suffix: str,
) -> None:
    file = joined(ffmpeg, tmp_path, *parts, coding=coding, suffix=suffix)
    film = chunks_of_a_second(ffmpeg, store, file, 48)

    assert {(each.format.name, each.width, each.height) for each in frames(film)} == {
        ("yuv420p", 72, 48)
    }
    for frame in frames(film):
        assert colour_in_the_box(frame) == pytest.approx(GREEN, abs=6)


def test_pictures_and_streams_show_the_first_pictures_colours(
    ffmpeg: Path, store: FolderStore, tmp_path: Path
) -> None:
    """Streams have one header for all their segments: assembling compares them."""
    file = joined(ffmpeg, tmp_path, HD, SD_MATRIX, FULL)
    stills = [
        {"name": f"{at_s}", "container": "png", "at_s": at_s, "width": 96} for at_s in (0, 3, 6)
    ]
    moving = {"name": "moving", "container": "webp", "width": 96, "quality": 95}
    rung = {"height": 64, "video": {"crf": 0, "preset": "ultrafast"}}
    wanted = request(
        render={
            "outputs": [moving, *stills],
            "streams": [{"name": "film", "segment_s": 2, "renditions": [rung]}],
        },
        snapshots={"at_s": [0, 3, 6], "widths": [96], "format": "png"},
        chunk_s=1,
    )
    plan = plan_job(store, wanted, file)
    for item in plan.items:
        render_item(store, JOB, item, remaining_s=PLENTY_S)
    assert take_batch(store, JOB, 0, remaining_s=PLENTY_S) == 3

    keys = Keys(JOB)
    pictures = [store.path(keys.chunk(str(at_s), 0, "png")) for at_s in (0, 3, 6)]
    pictures += [store.path(keys.snapshot_part(f"{number:05}-96.png")) for number in range(3)]
    for picture in pictures:
        assert colour_in_the_box(next(frames(picture))) == pytest.approx(GREEN, abs=6)
    with media_store() as published:
        assert assembled(store, plan, published).streams
