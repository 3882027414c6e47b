"""Sources whose pictures change their colours, size or samples in mid-stream, as where the films of
several cameras were put one behind the other: all chunks fit together, and show the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from functions.render_chunk.items import render_item
from functions.shared.media_store import Keys
from functions.shared.plan import Plan
from functions.take_snapshots.take import take_batch
from tests.media.assembling import assembled, media_store
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

GREEN = (0x20, 0xB0, 0x40)
WHITE = (255, 255, 255)
PART_S = Fraction(24, 10)
"""So that a chunk and its run-up fit into one."""
RATE = 10
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "0"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lossless", "1"]


@dataclass(frozen=True)
class Part:
    """A film of its own: a box before a picture that moves."""

    tags: tuple[str, str, str, str]
    """Primaries, transfer, matrix, range."""
    size: str = "96x64"
    pixels: str = "yuv420p"
    box: str = "0x20B040"
    numbers: str = ""
    """The matrix that the box's numbers are made by, where the tags say none."""

    @property
    def graph(self) -> str:
        primaries, transfer, matrix, range_ = self.tags
        made_by = self.numbers or matrix
        full = "pc" if range_ == "pc" else "tv"
        return ",".join(
            (
                f"testsrc2=size={self.size}:rate={RATE}:duration={float(PART_S)},format=gbrp",
                f"drawbox=color={self.box}:x=iw/4:y=ih/4:w=iw/2:h=ih/2:t=fill",
                f"scale=out_color_matrix={made_by}:out_range={full},format={self.pixels}",
                f"setparams=color_primaries={primaries}:color_trc={transfer}",
                f"setparams=colorspace={matrix}:range={range_}",
            )
        )


HD = Part(("bt709", "bt709", "bt709", "tv"))
SD_MATRIX = Part(("bt709", "bt709", "smpte170m", "tv"))
FULL = Part(("bt709", "bt709", "bt709", "pc"))
UNTAGGED = Part(("unknown",) * 4, numbers="bt709")
LARGE = Part(HD.tags, size="144x96")
DEEP = Part(HD.tags, pixels="yuv422p10le")
PQ = Part(("bt2020", "smpte2084", "bt2020nc", "tv"), pixels="yuv420p10le", box="0x949494")
"""Its box is SDR's white: 203 cd/m²."""


def joined(
    ffmpeg: Path, folder: Path, *parts: Part, coding: list[str] = X264, suffix: str = "mkv"
) -> Path:
    """The films one behind the other, in one stream whose headers change with them."""
    films = []
    for number, part in enumerate(parts):
        films.append(folder / f"{number}.{suffix}")
        look = ["-f", "lavfi", "-i", part.graph]
        run_ffmpeg([ffmpeg, *look, *coding, "-g", RATE, "-bsf:v", "dump_extra", films[-1]])
    listed = folder / "films.txt"
    listed.write_text("".join(f"file {film}\nduration {float(PART_S)}\n" for film in films))
    whole = folder / f"joined.{suffix}"
    run_ffmpeg([ffmpeg, "-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", whole])
    return whole


def planned(store: FolderStore, file: Path, chunk_s: float, height: int = 64) -> Plan:
    output = {"name": "video", "height": height, "video": {"crf": 0, "preset": "ultrafast"}}
    return plan_job(store, request(render={"outputs": [output]}, chunk_s=chunk_s), file)


def rendered(store: FolderStore, plan: Plan) -> Path:
    assert render_job(store, plan) == plan.video.total_frames
    return stitch_job(store, plan)


def chunks_of_a_second(ffmpeg: Path, store: FolderStore, file: Path, height: int = 64) -> Path:
    """The film of chunks that begin before, in and behind the changes: what one chunk shows."""
    plan = planned(store, file, 60, height)
    assert len(plan.chunks) == 1
    whole = rendered(store, plan).rename(store.folder / "whole.mp4")
    plan = planned(store, file, 1, height)
    assert len(plan.chunks) >= 3
    film = rendered(store, plan)
    assert decode(ffmpeg, film).pictures == decode(ffmpeg, whole).pictures
    return film


def frames(file: Path) -> Iterator[VideoFrame]:
    with av.open(str(file)) as opened:
        yield from opened.decode(video=0)


def colour_in_the_box(frame: VideoFrame) -> tuple[int, int, int]:
    rgb = frame.reformat(format="rgb24")
    plane = rgb.planes[0]
    at = (rgb.height // 2) * plane.line_size + 3 * (rgb.width // 2)
    red, green, blue = bytes(plane)[at : at + 3]
    return red, green, blue


def tags(frame: VideoFrame) -> tuple[int, int, int, int]:
    return (
        int(frame.color_primaries),
        int(frame.color_trc),
        int(frame.colorspace),
        int(frame.color_range),
    )


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
    film = rendered(store, planned(store, joined(ffmpeg, tmp_path, HD, PQ), 2))

    *_, last = frames(film)
    assert {(frame.format.name, *tags(frame)) for frame in frames(film)} == {
        ("yuv420p", 1, 1, 1, 1)
    }
    assert colour_in_the_box(last) == pytest.approx(WHITE, abs=6)


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
