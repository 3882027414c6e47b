"""Pictures, text and captions over chunks: every picture equals that of an ffmpeg in one piece."""

from pathlib import Path
from typing import Any

import pytest

from functions.shared.fonts import fonts_folder
from functions.shared.media_store import Keys
from tests.media.edits import (
    as_one_chunk,
    check_same,
    in_chunks,
    in_one_piece,
    plan_edit,
    put,
)
from tests.media.support import JOB, Decoded, FolderStore, run_ffmpeg

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
        ":text_align=right:box=1:boxcolor=0x00000080:boxborderw=4:borderw=1:bordercolor=0x0000FF"
        f":x=w-text_w-11.2:y=h-text_h-11.2:enable='between(t,1.2,3.96)':alpha='{fade}'[v]"
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
