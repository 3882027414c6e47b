"""Sources whose container turns or mirrors their pictures, also where these change in mid-stream:
every picture is shown as players show the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame

from functions.render_chunk.items import render_item
from functions.shared.media_store import Keys
from functions.take_snapshots.take import take_batch
from tests.media.changing import Part, colour_at, frames, joined, planned, rendered
from tests.media.support import (
    JOB,
    PLENTY_S,
    FolderStore,
    decode,
    plan_job,
    render_in_one_piece,
    request,
    run_ffmpeg,
)

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (235, 235, 235)
SIZE = (64, 48)
CORNERS = ((1 / 8, 1 / 8), (7 / 8, 1 / 8), (1 / 8, 7 / 8), (7 / 8, 7 / 8))
"""Top left, top right, bottom left, bottom right."""
ORIENTATIONS = (
    ("0", "", SIZE, (RED, GREEN, BLUE, WHITE)),
    ("90", "", SIZE[::-1], (GREEN, WHITE, RED, BLUE)),
    ("180", "", SIZE, (WHITE, BLUE, GREEN, RED)),
    ("270", "", SIZE[::-1], (BLUE, RED, WHITE, GREEN)),
    ("0", "-display_hflip:v", SIZE, (GREEN, RED, WHITE, BLUE)),
    ("0", "-display_vflip:v", SIZE, (BLUE, WHITE, RED, GREEN)),
    ("90", "-display_hflip:v", SIZE[::-1], (WHITE, GREEN, BLUE, RED)),
    ("90", "-display_vflip:v", SIZE[::-1], (RED, BLUE, GREEN, WHITE)),
)
"""Degrees counter-clockwise by the matrix, how it then mirrors; the size and corners shown."""
LYING = ORIENTATIONS[1]


@dataclass(frozen=True)
class Quarters(Part):
    """A colour in each."""

    @property
    def drawn(self) -> str:
        places = (("0", "0"), ("iw/2", "0"), ("0", "ih/2"), ("iw/2", "ih/2"))
        boxes = (
            f"drawbox=x={x}:y={y}:w=iw/2:h=ih/2:t=fill:color=0x{bytes(colour).hex()}"
            for (x, y), colour in zip(places, (RED, GREEN, BLUE, WHITE), strict=True)
        )
        length_s = float(self.length_s)
        return f"color=size={self.size}:rate=10:duration={length_s},format=gbrp,{','.join(boxes)}"


def part(size: str, matrix: str = "bt709", pixels: str = "yuv420p") -> Quarters:
    return Quarters(
        ("bt709", "bt709", matrix, "tv"), size=size, pixels=pixels, length_s=Fraction(9, 10)
    )


@pytest.fixture(scope="module")
def film(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its second half has another size, matrix and kind of samples."""
    folder = tmp_path_factory.mktemp("turned")
    return joined(ffmpeg, folder, part("64x48"), part("96x80", "smpte170m", "yuv422p10le"))


def turned(ffmpeg: Path, film: Path, to: Path, degrees: str, mirror: str) -> Path:
    matrix = ["-display_rotation:v", degrees, *mirror.split()]
    run_ffmpeg([ffmpeg, *matrix, "-i", film, "-c", "copy", to])
    return to


def check(frame: VideoFrame, size: tuple[int, int], corners: Sequence[tuple[int, ...]]) -> None:
    assert (frame.width, frame.height) == size
    for place, colour in zip(CORNERS, corners, strict=True):
        assert colour_at(frame, *place) == pytest.approx(colour, abs=8)


@pytest.mark.parametrize(
    ("degrees", "mirror", "size", "corners"),
    ORIENTATIONS,
    ids=[f"{degrees}{mirror}" for degrees, mirror, *_ in ORIENTATIONS],
)
def test_all_pictures_are_turned_as_the_container_says(
    ffmpeg: Path,
    store: FolderStore,
    film: Path,
    tmp_path: Path,
    degrees: str,
    mirror: str,
    size: tuple[int, int],
    corners: Sequence[tuple[int, ...]],
) -> None:
    file = turned(ffmpeg, film, tmp_path / "turned.mp4", degrees, mirror)

    plan = planned(store, file, 1, size[1])
    made = rendered(store, plan)

    assert len(plan.chunks) == 2
    assert len(list(frames(made))) == 18
    for frame in frames(made):
        check(frame, size, corners)
        assert frame.rotation == 0
    with av.open(str(made)) as opened:
        assert opened.streams.video[0].codec_context.pix_fmt == "yuv420p"


@pytest.mark.parametrize(("degrees", "mirror"), [ORIENTATIONS[at][:2] for at in (1, 5, 6)])
def test_one_that_does_not_change_is_turned_as_ffmpeg_turns_it(
    ffmpeg: Path, store: FolderStore, tmp_path: Path, degrees: str, mirror: str
) -> None:
    first = tmp_path / "first.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1"]
    run_ffmpeg([ffmpeg, *picture, "-c:v", "libx264", "-pix_fmt", "yuv422p", "-qp", "0", first])
    file = turned(ffmpeg, first, tmp_path / "turned.mp4", degrees, mirror)
    plan = planned(store, file, 1, 64)
    whole = tmp_path / "whole.mp4"
    render_in_one_piece(ffmpeg, plan, file, whole)

    assert decode(ffmpeg, rendered(store, plan)).pictures == decode(ffmpeg, whole).pictures


def test_snapshots_and_stills_are_turned_before_and_behind_the_change(
    ffmpeg: Path, store: FolderStore, film: Path, tmp_path: Path
) -> None:
    degrees, mirror, size, corners = LYING
    file = turned(ffmpeg, film, tmp_path / "turned.mp4", degrees, mirror)
    usual = {"container": "png", "width": size[0]}
    wanted = request(
        render={
            "outputs": [
                {"name": "early", "at_s": 0, **usual},
                {"name": "late", "at_s": 1.4, **usual},
                {"name": "moving", "container": "gif", "width": size[0]},
            ]
        },
        snapshots={"at_s": [0, 1.4], "widths": [size[0]], "format": "png"},
    )
    plan = plan_job(store, wanted, file)
    for item in plan.items:
        render_item(store, JOB, item, remaining_s=PLENTY_S)
    assert take_batch(store, JOB, 0, remaining_s=PLENTY_S) == 2

    keys = Keys(JOB)
    pictures = [store.path(keys.chunk(name, 0, "png")) for name in ("early", "late")]
    pictures += [store.path(keys.snapshot_part(f"{at:05}-{size[0]}.png")) for at in (0, 1)]
    pictures.append(store.path(keys.chunk("moving", 0, "gif")))
    for frame in chain.from_iterable(map(frames, pictures)):
        check(frame, size, corners)


def test_a_crop_is_of_the_turned_picture(
    ffmpeg: Path, store: FolderStore, film: Path, tmp_path: Path
) -> None:
    """Behind the change as before it."""
    degrees, mirror, size, corners = LYING
    file = turned(ffmpeg, film, tmp_path / "turned.mp4", degrees, mirror)
    crop = {"x": 0, "y": 0, "width": size[0] // 2, "height": size[1] // 2}
    output = {"name": "video", "video": {"crf": 0, "preset": "ultrafast"}}
    wanted = request(render={"outputs": [output]}, edit={"crop": crop})
    made = rendered(store, plan_job(store, wanted, file))

    for frame in frames(made):
        check(frame, (size[0] // 2, size[1] // 2), [corners[0]] * 4)
