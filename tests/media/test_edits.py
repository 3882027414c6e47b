"""Edits under chunking: every picture equals that of an ffmpeg in one piece, also around seams."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.shared.errors import ReelwrightError
from tests.media.edits import check_same, in_chunks, in_one_piece, plan_edit
from tests.media.support import FolderStore, run_ffmpeg

FRAMES = 125
SCALE = "scale=256:144,setsar=1"


@dataclass(frozen=True)
class Case:
    """An edit, and a graph that somebody else wrote for it."""

    name: str
    edit: dict[str, Any]
    graph: str
    frames: int = FRAMES
    output: dict[str, Any] = field(default_factory=dict)
    """The output's further fields."""


def split(*chains: str) -> str:
    """Each chain from the whole source, one behind the other."""
    count = len(chains)
    pads = "".join(f"[i{i}]" for i in range(count))
    out = "".join(f"[c{i}]" for i in range(count))
    parts = ";".join(f"[i{i}]{chain}[c{i}]" for i, chain in enumerate(chains))
    return f"[0:v]split={count}{pads};{parts};{out}concat=n={count}"


CASES = (
    Case(
        "clips-by-time-and-frame",
        {
            "clips": [
                {"start_s": 0.4, "end_s": 1.96},
                {"start_frame": 70, "end_frame": 111},
                {"start_s": 0.2, "end_s": 0.24},
                {"start_s": 3.6},
            ]
        },
        split(
            "trim=start_frame=10:end_frame=49,setpts=PTS-STARTPTS",
            "trim=start_frame=70:end_frame=111,setpts=PTS-STARTPTS",
            "trim=start_frame=5:end_frame=6,setpts=PTS-STARTPTS",
            "trim=start_frame=90,setpts=PTS-STARTPTS",
        )
        + f",{SCALE}[v]",
        frames=39 + 41 + 1 + 35,
    ),
    Case(
        "speed-2-and-half",
        {"clips": [{"end_s": 4, "speed": 2}, {"start_s": 2, "end_s": 3, "speed": 0.5}]},
        split(
            "trim=end=4,setpts=PTS/2,fps=25",
            "trim=start=2:end=3,setpts=(PTS-STARTPTS)*2,fps=25,trim=end_frame=50",
        )
        + f",{SCALE}[v]",
        frames=100,
    ),
    Case("fps-up", {"fps": 50}, f"[0:v]fps=50,{SCALE}[v]", frames=250),
    Case("fps-down-ntsc", {"fps": 23.976}, f"[0:v]fps=24000/1001,{SCALE}[v]", frames=120),
    Case(
        "crop-turn-flip",
        {
            "crop": {"x": 31, "y": 15, "width": 160, "height": 100},
            "rotate_deg": 90,
            "flip": "horizontal",
        },
        "[0:v]crop=160:100:31:15:exact=1,transpose=clock,hflip,scale=100:160,setsar=1[v]",
    ),
    Case("turn-180", {"rotate_deg": 180}, f"[0:v]rotate=PI,{SCALE}[v]"),
    Case(
        "turn-270",
        {"rotate_deg": 270, "flip": "vertical"},
        "[0:v]transpose=2,vflip,scale=144:256,setsar=1[v]",
    ),
    Case(
        "fades-over-seams",
        {"fade": {"in_s": 2.4, "out_s": 1.6, "color": "#204060"}},
        "[0:v]fade=t=in:st=0:d=2.4:color=0x204060,fade=t=out:st=3.4:d=1.6:color=0x204060,"
        f"{SCALE}[v]",
    ),
    Case(
        "pad",
        {},
        "[0:v]scale=200:112,pad=200:200:0:44:black,setsar=1[v]",
        output={"width": 200, "height": 200},
    ),
    Case(
        "fill",
        {},
        "[0:v]scale=356:200,crop=200:200:78:0,setsar=1[v]",
        output={"width": 200, "height": 200, "fit": "fill"},
    ),
    Case(
        "stretch",
        {},
        "[0:v]scale=200:200,setsar=1[v]",
        output={"width": 200, "height": 200, "fit": "stretch"},
    ),
    Case(
        "inside",
        {},
        "[0:v]scale=200:112,setsar=1[v]",
        output={"width": 200, "height": 200, "fit": "inside"},
    ),
)


@pytest.fixture(scope="module")
def source(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5 s at 25 frames a second: B-frames, and a key frame in every third second."""
    file = tmp_path_factory.mktemp("edits") / "source.mp4"
    picture = "testsrc2=size=256x144:rate=25:duration=5"
    coding = "-c:v libx264 -preset ultrafast -bf 3 -g 60 -pix_fmt yuv420p -bitexact"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, *coding.split(), file])
    return file


@dataclass(frozen=True)
class Odd:
    """A source with something of its own, an edit, and the graph for both."""

    name: str
    making: str
    """ffmpeg's options behind the test picture, `{first}` and `{file}`."""
    graph: str
    edit: dict[str, Any] = field(default_factory=dict)
    then: str = ""
    """A second step's options, before its input."""
    suffix: str = ".mp4"


H264 = "-c:v libx264 -preset ultrafast -bf 2 -g 60"
FIELDS = "-c:v mpeg2video -flags +ilme+ildct -bf 2 -g 15 -q:v 2"
TURNED = "transpose=cclock,sidedata=mode=delete:type=DISPLAYMATRIX"
ODD = (
    Odd(
        "fields-top-first",
        f"{FIELDS} -vf tinterlace=interleave_top,setfield=tff,format=yuv420p",
        f"[0:v]bwdif=mode=send_frame:parity=tff:deint=all,{SCALE}[v]",
        suffix=".mkv",
    ),
    Odd(
        "fields-bottom-first-in-a-stream-without-index",
        f"{FIELDS} -vf tinterlace=interleave_bottom,setfield=bff,format=yuv420p",
        f"[0:v]bwdif=mode=send_frame:parity=bff:deint=all,{SCALE}[v]",
        suffix=".ts",
    ),
    Odd(
        "lying-and-cropped",
        f"{H264} -pix_fmt yuv420p",
        f"[0:v]{TURNED},crop=100:160:20:30:exact=1,scale=100:160,setsar=1[v]",
        {"crop": {"x": 20, "y": 30, "width": 100, "height": 160}},
        then="-display_rotation:v 90",
    ),
    Odd(
        "lying-fields",
        f"{FIELDS} -vf tinterlace=interleave_top,setfield=tff,format=yuv420p",
        f"[0:v]bwdif=mode=send_frame:parity=tff:deint=all,{TURNED},scale=144:256,setsar=1[v]",
        suffix=".mov",
        then="-display_rotation:v 90",
    ),
    Odd(
        "wide-pixels",
        f"{H264} -pix_fmt yuv420p -vf setsar=2",
        "[0:v]scale=512:144,setsar=1[v]",
    ),
    Odd(
        "wide-pixels-cropped",
        f"{H264} -pix_fmt yuv420p -vf setsar=2",
        "[0:v]scale=512:144,setsar=1,crop=201:101:300:11:exact=1,scale=202:102,setsar=1[v]",
        {"crop": {"x": 300, "y": 11, "width": 201, "height": 101}},
    ),
    Odd(
        "odd-size-and-turned",
        f"-vf format=yuv444p,scale=257:143,setsar=1 {H264}",
        "[0:v]transpose=cclock,scale=144:258,setsar=1,format=yuv420p[v]",
        {"rotate_deg": 270},
    ),
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_an_odd_source_in_chunks_equals_one_piece(
    odd: Odd, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = tmp_path / f"source{odd.suffix}"
    first = file.with_stem("first") if odd.then else file
    fields = "tinterlace" in odd.making
    picture = f"testsrc2=size=256x144:rate={50 if fields else 25}:duration=5"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", picture, *odd.making.split(), "-bitexact", first])
    if odd.then:
        run_ffmpeg([ffmpeg, *odd.then.split(), "-i", first, "-c", "copy", file])
    plan = plan_edit(store, file, odd.edit, {})
    assert plan.video.deinterlaced == fields
    ours = in_chunks(ffmpeg, store, plan)
    reading = ["-noautorotate", "-i", file]
    check_same(ours, in_one_piece(ffmpeg, reading, odd.graph, tmp_path))
    assert len(ours.pictures) == FRAMES


def test_a_grid_coarser_than_its_source_is_short_has_one_frame(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = tmp_path / "short.mp4"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=0.2", file])
    plan = plan_edit(store, file, {"fps": 1}, {})
    assert len(in_chunks(ffmpeg, store, plan).pictures) == 1


@pytest.mark.parametrize(("missing", "name"), [(8, ""), (14, "SourceTruncated")])
def test_what_follows_a_clip_of_a_source_that_ends_early_keeps_its_place(
    store: FolderStore, ffmpeg: Path, source: Path, tmp_path: Path, missing: int, name: str
) -> None:
    """Its tables promised some frames more, as if the plan had been made by them."""
    honest = plan_edit(store, source, {"clips": [{"start_s": 3.4}, {"end_s": 1}]}, {})
    first, second = honest.clips
    plan = honest.model_copy(
        update={
            "clips": (
                first.model_copy(update={"frames": first.frames + missing}),
                second.model_copy(update={"first_frame": second.first_frame + missing}),
            ),
            "video": honest.video.model_copy(update={"total_frames": 65 + missing}),
        }
    )
    store.write_plan(plan)
    if name:
        with pytest.raises(ReelwrightError, match="ends early") as ended:
            in_chunks(ffmpeg, store, plan)
        assert type(ended.value).__name__ == name
        return
    ours = in_chunks(ffmpeg, store, plan)
    graph = split(
        f"trim=start=3.4,setpts=PTS-STARTPTS,tpad=stop_mode=clone:stop={missing}",
        "trim=end=1,setpts=PTS-STARTPTS",
    )
    check_same(ours, in_one_piece(ffmpeg, ["-i", source], f"{graph},{SCALE}[v]", tmp_path))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_edit_in_chunks_equals_one_piece(
    case: Case, store: FolderStore, ffmpeg: Path, source: Path, tmp_path: Path
) -> None:
    plan = plan_edit(store, source, case.edit, case.output)
    assert len(plan.chunks) >= 2
    ours = in_chunks(ffmpeg, store, plan)
    check_same(ours, in_one_piece(ffmpeg, ["-i", source], case.graph, tmp_path))
    assert len(ours.pictures) == case.frames
    assert ours.times == [n * plan.video.frame_ticks for n in range(case.frames)]
