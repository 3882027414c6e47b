"""Pictures, text and captions over chunks: every picture equals that of an ffmpeg in one piece."""

from itertools import islice
from pathlib import Path
from typing import Any

import av
import pytest

from functions.render_chunk.render import render_chunk
from functions.shared.fonts import fonts_folder
from functions.shared.media_store import Keys, snapshot_name
from functions.take_snapshots.take import take_batch
from tests.media.edits import (
    as_one_chunk,
    check_same,
    in_chunks,
    in_one_piece,
    plan_edit,
    put,
)
from tests.media.support import (
    JOB,
    PLENTY_S,
    Decoded,
    FolderStore,
    plan_job,
    request,
    run_ffmpeg,
)

SCALE = "scale=256:144,setsar=1"
SRT = """1
00:00:00,500 --> 00:00:02,100
One <i>and</i> two

2
00:00:01,920 --> 00:00:04,300
Žluťoučký Ελληνικά Кириллица
"""
ASS = """[Script Info]
ScriptType: v4.00+
PlayResX: 256
PlayResY: 144

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, \
Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Nowhere,20,&H00FFFF,&H0,&H0,&H0,0,0,0,0,100,100,0,0,1,2,0,5,9,9,9,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\move(20,20,200,120)\\fad(500,500)}Moving
"""


@pytest.fixture(scope="module")
def source(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("overlays") / "source.mp4"
    picture = "testsrc2=size=256x144:rate=25:duration=5"
    coding = "-c:v libx264 -preset ultrafast -bf 3 -g 60 -pix_fmt yuv420p -bitexact"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, *coding.split(), file])
    return file


@pytest.fixture
def logo(ffmpeg: Path, store: FolderStore, tmp_path: Path) -> Path:
    """Half transparent, with a shape."""
    file = tmp_path / "logo.png"
    picture = "testsrc=size=60x40:duration=1,format=rgba,geq=r='r(X,Y)':a='255-4*X'"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, "-frames:v", "1", file])
    put(store, "logo", file.read_bytes())
    return file


@pytest.mark.parametrize(
    ("overlay", "picture", "onto"),
    [
        (
            {"position": "bottom-left", "margin_percent": 5, "width_percent": 25},
            "scale=64:43",
            "overlay=7:94",
        ),
        (
            {"x_percent": 50, "y_percent": 25, "opacity": 0.5, "from_s": 1.2, "to_s": 3.0},
            "scale=51:34,format=rgba,colorchannelmixer=aa=0.5",
            "overlay=77:36:enable='between(t,1.2,2.98)'",
        ),
    ],
    ids=["all-the-time", "half-there-for-a-while"],
)
def test_a_picture_over_chunks(
    store: FolderStore,
    ffmpeg: Path,
    source: Path,
    logo: Path,
    tmp_path: Path,
    overlay: dict[str, Any],
    picture: str,
    onto: str,
) -> None:
    edit = {"overlays": [{"image": "s3://media/logo", **overlay}]}
    ours = in_chunks(ffmpeg, store, plan_edit(store, source, edit, {}))
    graph = f"[1:v]{picture}[p];[0:v]{SCALE}[f];[f][p]{onto}[v]"
    check_same(ours, in_one_piece(ffmpeg, ["-i", source, "-i", logo], graph, tmp_path))


def test_a_picture_that_appears_and_vanishes(
    store: FolderStore, ffmpeg: Path, source: Path, logo: Path, tmp_path: Path
) -> None:
    """Over both seams."""
    overlay = {"position": "center", "from_s": 1.6, "to_s": 4.4, "fade_s": 0.8}
    edit = {"overlays": [{"image": "s3://media/logo", **overlay}]}
    ours = in_chunks(ffmpeg, store, plan_edit(store, source, edit, {}))
    graph = (
        "[1:v]format=rgba,scale=51:34,fade=in:st=1.6:d=0.8:alpha=1,fade=out:st=3.6:d=0.8:alpha=1[p]"
        f";[0:v]{SCALE}[f];[f][p]overlay=102:55:shortest=1:enable='between(t,1.6,4.36)'[v]"
    )
    inputs = ["-i", source, "-loop", "1", "-framerate", "25", "-i", logo]
    check_same(ours, in_one_piece(ffmpeg, inputs, graph, tmp_path))


def test_text_over_chunks(store: FolderStore, ffmpeg: Path, source: Path, tmp_path: Path) -> None:
    text = {
        "text": "{who}: 100 % {{it's}} %{{pts}}\nЖ",
        "position": "bottom-right",
        "margin_percent": 5,
        "size_percent": 6.25,
        "font": "serif-bold",
        "color": "#FFCC00C0",
        "box": {"color": "#00000080", "padding_percent": 50},
        "outline": {"color": "#0000FF", "width_percent": 10},
        "from_s": 1.2,
        "to_s": 4.0,
        "fade_s": 0.9,
    }
    edit = {"texts": [text], "props": {"who": "A\\'b:[c],;"}}
    ours = in_chunks(ffmpeg, store, plan_edit(store, source, edit, {}))
    written = tmp_path / "text"
    written.write_text("A\\'b:[c],;: 100 % {it's} %{pts}\nЖ")
    fade = "if(lt(t,2.1),(t-1.2)/0.9,if(gt(t,3.1),(4-t)/0.9,1))"
    graph = (
        f"[0:v]{SCALE},drawtext=textfile={written}:fontfile={fonts_folder()}/DejaVuSerif-Bold.ttf"
        ":expansion=none:fontsize=9:fontcolor=0xFFCC00C0:y_align=font:line_spacing=2"
        ":text_align=right:box=1:boxcolor=0x00000080:boxborderw=4|4|6|4:borderw=1:bordercolor=0x0000FF"
        f":x=w-text_w-11.2:y=h-11.2-24:enable='between(t,1.2,3.96)':alpha='{fade}'[v]"
    )
    check_same(ours, in_one_piece(ffmpeg, ["-i", source], graph, tmp_path))


def test_captions_burnt_into_chunks(
    store: FolderStore,
    ffmpeg: Path,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second evades the first, and stays where it is when the first is gone: over a seam."""
    put(store, "words", SRT.encode())
    edit = {"captions": [{"source": "s3://media/words", "mode": "burn"}]}
    ours = in_chunks(ffmpeg, store, plan_edit(store, source, edit, {}))
    words = store.path(Keys(JOB).asset("captions-0.ass"))
    monkeypatch.setenv("FONTCONFIG_FILE", str(fonts_folder().parents[1] / "etc/fonts/fonts.conf"))
    graph = f"[0:v]{SCALE},ass={words}:fontsdir={fonts_folder()}[v]"
    check_same(ours, in_one_piece(ffmpeg, ["-i", source], graph, tmp_path))
    assert shown(ffmpeg, store, source, ours) == list(range(13, 108))


def test_moving_captions_burnt_into_chunks(store: FolderStore, ffmpeg: Path, source: Path) -> None:
    """Against one chunk: its font is none of ours, and only our functions know what stands in."""
    put(store, "words", ASS.encode())
    edit = {"captions": [{"source": "s3://media/words", "mode": "burn"}]}
    plan = plan_edit(store, source, edit, {})
    ours = in_chunks(ffmpeg, store, plan)
    check_same(ours, as_one_chunk(ffmpeg, store, plan))
    # It fades in from nothing, and out to nothing.
    assert shown(ffmpeg, store, source, ours) == list(range(26, 75))


def shown(ffmpeg: Path, store: FolderStore, source: Path, ours: Decoded) -> list[int]:
    """The frames that have captions."""
    plain = in_chunks(ffmpeg, store, plan_edit(store, source, {}, {}))
    both = zip(ours.pictures, plain.pictures, strict=True)
    return [number for number, (drawn, bare) in enumerate(both) if drawn != bare]


RED = {"image": "s3://media/red", "position": "top-left", "margin_percent": 0, "width_percent": 50}


def red_at(file: Path, frame: int = 0) -> bool:
    """Whether a pixel of the picture near its upper left corner is pure red."""
    with av.open(str(file)) as opened:
        picture = next(islice(opened.decode(video=0), frame, None))
    plane = picture.reformat(format="rgb24").planes[0]
    red, green, blue = bytes(plane)[10 * plane.line_size + 30 :][:3]
    return bool(red > 250 and green < 5 and blue < 5)


@pytest.fixture
def red(ffmpeg: Path, store: FolderStore, tmp_path: Path) -> None:
    file = tmp_path / "red.webp"
    picture = "color=red:size=40x40:duration=1"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, "-frames:v", "1", "-lossless", "1", file])
    put(store, "red", file.read_bytes())


@pytest.mark.usefixtures("red")
@pytest.mark.parametrize("image_format", ["png", "jpeg"])
def test_a_snapshot_is_a_frame_of_the_result(
    store: FolderStore, source: Path, image_format: str
) -> None:
    edit = {
        "overlays": [{**RED, "from_s": 1, "to_s": 3}],
        "texts": [{"text": "Over it", "from_s": 1}],
    }
    wanted = request(
        snapshots={"at_s": [0.96, 1, 2.96, 3], "widths": [256, 64], "format": image_format},
        edit=edit,
    )
    plan = plan_job(store, wanted, source)
    assert plan.snapshots is not None
    for batch in range(plan.snapshots.batch_count):
        take_batch(store, JOB, batch, remaining_s=PLENTY_S)
    for width in (256, 64):
        names = [snapshot_name(i, width, plan.snapshots.format) for i in range(4)]
        files = [store.path(Keys(JOB).snapshot_part(name)) for name in names]
        assert [red_at(file) for file in files] == [False, True, True, False]


@pytest.mark.usefixtures("red")
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m"])
def test_an_overlays_colours_are_the_outputs(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, matrix: str
) -> None:
    file = tmp_path / "tagged.mp4"
    picture = f"color=gray:size=128x72:rate=25:duration=1,setparams=colorspace={matrix}"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, *coding, "-colorspace", matrix, file])
    plan = plan_edit(store, file, {"overlays": [RED]}, {})
    render_chunk(store, JOB, plan.chunks[0], remaining_s=PLENTY_S)
    assert red_at(store.path(Keys(JOB).chunk("video", 0, "mp4")), 5)


@pytest.mark.parametrize(("position", "first"), [("top", 0), ("bottom", 240 - 81)])
def test_a_box_holds_all_lines_and_stands_on_the_edge(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, position: str, first: int
) -> None:
    """Three lines of 21 pixels, two spaces of 4, padding of 5."""
    file = tmp_path / "black.mp4"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", "color=black:size=320x240:duration=0.2", file])
    white = {"color": "#FFFFFF", "box": {"color": "#FFFFFF"}}
    text = {"text": "x\ny\nX", "position": position, "margin_percent": 0, "size_percent": 7.3}
    plan = plan_edit(store, file, {"texts": [{**text, **white, "font": "serif-bold"}]}, {})
    render_chunk(store, JOB, plan.chunks[0], remaining_s=PLENTY_S)
    with av.open(str(store.path(Keys(JOB).chunk("video", 0, "mp4")))) as opened:
        plane = next(opened.decode(video=0)).reformat(format="gray").planes[0]
    column = bytes(plane)[160 :: plane.line_size]
    assert [y for y, grey in enumerate(column) if grey > 200] == list(range(first, first + 81))


def test_white_is_as_bright_in_hdr_as_on_paper(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    """58 % of a PQ signal, not its 10,000 cd/m²: a picture, a box and captions."""
    file = tmp_path / "hdr.mp4"
    tags = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited"
    coding = ["-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast"]
    picture = "color=black:size=320x180:rate=25:duration=0.4"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, *coding, "-x265-params", tags, file])
    logo = tmp_path / "white.png"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", "color=white:size=20x20", "-frames:v", "1", logo])
    put(store, "white", logo.read_bytes())
    put(store, "words", b"1\n00:00:00,000 --> 00:00:10,000\n____\n")
    boxed = {"text": "x", "position": "top-right", "box": {"color": "#FFFFFF"}}
    edit = {
        "overlays": [{**RED, "image": "s3://media/white", "width_percent": 20}],
        "texts": [{**boxed, "size_percent": 20, "margin_percent": 0}],
        "captions": [{"source": "s3://media/words", "mode": "burn", "style": {"size_percent": 30}}],
    }
    output = {"video": {"codec": "hevc", "crf": 4, "preset": "ultrafast"}}
    plan = plan_edit(store, file, edit, output)
    assert plan.outputs[0].coding.is_pq
    render_chunk(store, JOB, plan.chunks[0], remaining_s=PLENTY_S)
    with av.open(str(store.path(Keys(JOB).chunk("video", 0, "mp4")))) as opened:
        plane = next(opened.decode(video=0)).planes[0]
    row, samples = plane.line_size // 2, memoryview(bytes(plane)).cast("H")
    picture_at, box_at = samples[20 * row + 20], samples[3 * row + 317]
    brightest_caption = max(max(samples[y * row : y * row + 320]) for y in range(120, 180))
    for found in (picture_at, box_at, brightest_caption):
        assert found == pytest.approx(64 + 0.58 * 876, abs=8)
