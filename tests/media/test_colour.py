"""HDR, depth, transparency and RGB: what is kept, what is mapped, and that the job says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from functions.shared.media_store import MediaStore
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.track import read_movie
from functions.shared.plan import Plan
from tests.media.assembling import assembled, fetch, media_store
from tests.media.support import (
    FolderStore,
    decode,
    plan_job,
    render_in_one_piece,
    render_job,
    request,
    run_ffmpeg,
    stitch_job,
)

DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
PQ, HLG, BT709, BT2020, BT2020_NC = 16, 18, 1, 9, 9
LIMITED = 1


@pytest.fixture(scope="module")
def hdr(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten-bit PQ of BT.2020 with what it was graded on."""
    file = tmp_path_factory.mktemp("hdr") / "hdr.mp4"
    tags = "color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    params = f"log-level=error:keyint=30:pools=1:hdr10=1:master-display={DISPLAY}:max-cll=1000,400"
    picture = "testsrc2=size=192x108:rate=25:duration=5"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", params, "-tag:v", "hvc1"]
    graph = f"format=yuv420p10le,setparams={tags}"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, "-vf", graph, *encoder, file])
    return file


@pytest.fixture(scope="module")
def see_through(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RGB with an alpha of a half: 0xC86432."""
    file = tmp_path_factory.mktemp("alpha") / "alpha.mov"
    picture = "color=0xC86432:size=64x64:rate=10:duration=3"
    half = "format=rgba,colorchannelmixer=aa=0.5"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, "-vf", half, "-c:v", "qtrle", file])
    return file


def planned(store: FolderStore, file: Path, container: str = "mp4", **video: Any) -> Plan:
    return plan_job(
        store, request(render={"outputs": [{"container": container, "video": video}]}, chunk_s=2),
        file,
    )  # fmt: skip


def made(store: FolderStore, plan: Plan) -> Path:
    render_job(store, plan)
    return stitch_job(store, plan)


def first_frame(file: Path) -> Any:
    with av.open(str(file)) as opened:
        return next(opened.decode(video=0))


def tags(frame: Any) -> tuple[int, int, int, int]:
    return (
        int(frame.color_primaries),
        int(frame.color_trc),
        int(frame.colorspace),
        int(frame.color_range),
    )


def colour_at_centre(file: Path) -> tuple[int, int, int]:
    rgb = first_frame(file).reformat(format="rgb24")
    plane = rgb.planes[0]
    at = (rgb.height // 2) * plane.line_size + 3 * (rgb.width // 2)
    red, green, blue = bytes(plane)[at : at + 3]
    return red, green, blue


@pytest.mark.parametrize(
    ("container", "video", "pixels"),
    [
        ("mp4", {"codec": "hevc", "preset": "ultrafast"}, "yuv420p10le"),
        ("mp4", {"codec": "av1", "preset": "superfast"}, "yuv420p10le"),
        ("mp4", {"codec": "vp9", "preset": "ultrafast"}, "yuv420p10le"),
        ("mov", {"codec": "prores", "profile": "proxy"}, "yuv422p10le"),
        ("mp4", {"codec": "h264", "preset": "ultrafast", "pixel_format": "yuv420p10"},
         "yuv420p10le"),
    ],
    ids=lambda value: value["codec"] if isinstance(value, dict) else None,
)  # fmt: skip
def test_hdr_stays_hdr_in_ten_bits(
    ffmpeg: Path, store: FolderStore, hdr: Path, container: str, video: dict[str, Any], pixels: str
) -> None:
    plan = planned(store, hdr, container, **video)
    assert plan.notes == ()

    file = made(store, plan)

    frame = first_frame(file)
    assert frame.format.name == pixels
    assert tags(frame) == (BT2020, PQ, BT2020_NC, LIMITED)
    kinds = {one.type.name for one in frame.side_data}
    assert {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"} <= kinds
    boxes = {
        box.kind: box for box in read_movie(FileBytes(file)).tracks[0].sample_entry.children(78)
    }
    assert boxes["clli"].payload() == bytes.fromhex("03e80190")
    assert {"colr", "mdcv"} <= boxes.keys()
    assert len(decode(ffmpeg, file).pictures) == 125


def test_hdr_is_tone_mapped_where_it_cannot_be_held_and_the_job_says_so(
    ffmpeg: Path, store: FolderStore, hdr: Path
) -> None:
    plan = planned(store, hdr, lossless=True, preset="ultrafast")
    assert plan.notes == (
        "Output video: HDR was tone-mapped to SDR because H.264 has 8 bits a sample here.",
    )

    file = made(store, plan)

    frame = first_frame(file)
    assert frame.format.name == "yuv420p"
    assert tags(frame) == (BT709, BT709, BT709, LIMITED)
    kinds = {box.kind for box in read_movie(FileBytes(file)).tracks[0].sample_entry.children(78)}
    assert "colr" in kinds
    assert not {"mdcv", "clli"} & kinds
    render_in_one_piece(ffmpeg, plan, hdr, store.folder / "whole.mp4")
    assert decode(ffmpeg, file).pictures == decode(ffmpeg, store.folder / "whole.mp4").pictures


@pytest.mark.parametrize(("code", "least", "most"), [(509, 130, 200), (64, 0, 3), (723, 215, 255)])
def test_the_brightness_of_hdr_is_mapped_to_where_it_belongs(
    ffmpeg: Path, store: FolderStore, tmp_path: Path, code: int, least: int, most: int
) -> None:
    """PQ codes of 100 cd/m², SDR's white; of black; of 1,000 cd/m², as bright as this one gets."""
    file = tmp_path / "grey.mp4"
    pq = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    grey = f"format=yuv420p10le,geq=lum={code}:cb=512:cr=512,{pq}"
    params = "log-level=error:lossless=1:pools=1"
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", params]
    picture = "color=black:size=64x64:rate=10:duration=1"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, "-vf", grey, *encoder, file])

    red, green, blue = colour_at_centre(made(store, planned(store, file, preset="ultrafast")))

    assert least <= green <= most
    assert abs(red - green) <= 3
    assert abs(blue - green) <= 3


def test_transparent_pictures_are_laid_on_black_where_alpha_is_not_kept(
    store: FolderStore, see_through: Path
) -> None:
    plan = planned(store, see_through, crf=1, preset="ultrafast")
    [note] = plan.notes
    assert note == (
        "Output video: transparent pictures were laid on black because H.264 in mp4 keeps no"
        " transparency here."
    )

    file = made(store, plan)

    assert colour_at_centre(file) == pytest.approx((0x64, 0x32, 0x19), abs=3)
    assert tags(first_frame(file)) == (BT709, BT709, BT709, LIMITED)


def test_prores_4444_keeps_transparency(store: FolderStore, see_through: Path) -> None:
    plan = planned(store, see_through, "mov", codec="prores", profile="4444")
    assert plan.notes == ()

    frame = first_frame(made(store, plan))

    assert frame.format.name.startswith("yuva444p1")
    plane = frame.planes[3]
    depth = frame.format.components[3].bits
    alpha = int.from_bytes(bytes(plane)[:2], "little")
    assert alpha / (2**depth - 1) == pytest.approx(0.5, abs=0.01)
    assert colour_at_centre(stitch_job(store, plan)) == pytest.approx((0xC8, 0x64, 0x32), abs=3)


@pytest.fixture
def published() -> Iterator[MediaStore]:
    with media_store() as store:
        yield store


@pytest.mark.parametrize("container", ["webm", "mkv"])
def test_vp9_keeps_transparency_where_the_container_has_a_place_for_it(
    ffmpeg: Path, store: FolderStore, published: MediaStore, tmp_path: Path, container: str
) -> None:
    """A picture that comes out of nothing over 6 seconds, with sound, in three chunks."""
    file = tmp_path / "source.mov"
    shown = "testsrc2=size=96x64:rate=10:duration=6,format=rgba,fade=in:st=0:d=6:alpha=1"
    inputs = ["-f", "lavfi", "-i", shown, "-f", "lavfi", "-i", "sine=duration=6"]
    run_ffmpeg([ffmpeg, *inputs, "-c:v", "qtrle", "-c:a", "aac", file])
    plan = planned(store, file, container, codec="vp9", preset="veryfast", crf=5, gop_s=1)
    assert plan.notes == ()
    assert len(plan.chunks) == 3
    render_job(store, plan)

    [output] = assembled(store, plan, published).outputs

    made_file = fetch(published, output.key, store.folder)
    alphas = alpha_of(ffmpeg, made_file)
    expected = [255 * i / 60 for i in range(60)]
    assert alphas == pytest.approx(expected, abs=4)
    for second in (0, 3.1, 5.9):
        late = alpha_of(ffmpeg, made_file, "-ss", second)
        assert late == alphas[round(second * 10) :]
    with av.open(str(made_file)) as opened:
        assert len(opened.streams.audio) == 1
        told = opened.streams.video[0].metadata
        assert {name.lower(): said for name, said in told.items()}["alpha_mode"] == "1"


def test_alpha_of_vp9_is_seen_by_the_next_render(
    store: FolderStore, published: MediaStore, see_through: Path
) -> None:
    """FFmpeg's own decoder of VP9 would show what is under transparent samples."""
    plan = planned(store, see_through, "webm", codec="vp9", preset="ultrafast", crf=5)
    render_job(store, plan)
    [output] = assembled(store, plan, published).outputs

    again = planned(store, fetch(published, output.key, store.folder), preset="ultrafast", crf=1)
    assert again.outputs[0].coding.flattened

    assert colour_at_centre(made(store, again)) == pytest.approx((0x64, 0x32, 0x19), abs=6)


def alpha_of(ffmpeg: Path, file: Path, *seek: object) -> list[float]:
    """The mean alpha of each picture of 96x64, 0 to 255."""
    told, size = file.with_suffix(".alpha"), 96 * 64
    read = ["-c:v", "libvpx-vp9", *seek, "-i", file, "-an", "-vf", "alphaextract"]
    run_ffmpeg([ffmpeg, *read, "-f", "rawvideo", told])
    alphas = told.read_bytes()
    return [sum(alphas[at : at + size]) / size for at in range(0, len(alphas), size)]


def test_corpus_alpha_of_vp9_is_seen(ffmpeg: Path, store: FolderStore, corpus: Path) -> None:
    """Only libvpx decodes it; what is under transparent samples must not be shown."""
    plan = planned(store, corpus / "transparent.webm", preset="ultrafast")
    assert plan.video.decoder == "libvpx-vp9"
    assert plan.outputs[0].coding.flattened

    assert len(decode(ffmpeg, made(store, plan)).pictures) == plan.video.total_frames


@pytest.mark.parametrize(("range_", "matrix"), [("pc", "bt709"), ("tv", "smpte170m")])
def test_range_and_matrix_of_sdr_are_kept(
    ffmpeg: Path, store: FolderStore, tmp_path: Path, range_: str, matrix: str
) -> None:
    file = tmp_path / "sdr.mp4"
    kept = f"scale=out_range={range_}:out_color_matrix={matrix},format=yuv420p"
    picture = "color=0x3060C0:size=64x64:rate=10:duration=1"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, "-vf", kept, "-c:v", "libx264", file])

    out = made(store, planned(store, file, crf=1, preset="ultrafast"))

    assert tags(first_frame(out)) == tags(first_frame(file))
    assert colour_at_centre(out) == pytest.approx((0x30, 0x60, 0xC0), abs=4)
