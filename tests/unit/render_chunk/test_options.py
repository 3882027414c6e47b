"""The command line of a chunk, where a slip would be silent: seeks, trims, clocks, threads."""

import itertools
from fractions import Fraction
from pathlib import Path

import pytest

from functions.render_chunk.render import chunk_options
from functions.shared.cut import Cut, grid_graph, prerolls_s, read_options, reads_from_start, seek_s
from functions.shared.overlay_filters import Layers
from functions.shared.picture_filters import SCALING
from functions.shared.plan import Clock, Coding, Output, Plan, Source, Video

SMALL = Output(
    name="s",
    width=160,
    height=90,
    coding=Coding(crf=30, preset="fast"),
    keyint=150,
    audio_track=None,
)
LARGE = SMALL.model_copy(
    update={"name": "l", "width": 640, "height": 360, "coding": Coding(crf=20)}
)


def plan(*, rate: Fraction = Fraction(30), zero_s: str = "9.881", start_s: str = "9.881") -> Plan:
    return Plan(
        job_id="job",
        source=Source(bucket="b", key="k", etag="e", size_bytes=1, container="mpegts"),
        clock=Clock(zero_s=Fraction(zero_s), container_start_s=Fraction(start_s)),
        video=Video(stream_index=3, rate=rate, total_frames=900),
        audio=None,
        outputs=(SMALL, LARGE),
        snapshots=None,
        chunk_frames=300,
        threads=2,
        max_parallel=9,
    )


NO_LAYERS = Layers(plan(), Path("/t"), {})


def seek(made: Plan, cut: Cut) -> Fraction | None:
    [span] = made.spans(cut.start_frame, cut.end_frame)
    return seek_s(made, span, cut.preroll_s)


def test_seek_counts_from_the_containers_start() -> None:
    made = plan(zero_s="10", start_s="9.881")
    assert seek(made, Cut(600, 900, Fraction(11))) == 9 + Fraction("0.119")


def test_no_seek_before_the_start() -> None:
    for cut in (Cut(0, 300, Fraction(11)), Cut(300, 600, Fraction(11)), Cut(600, 900, None)):
        assert seek(plan(), cut) is None
        assert reads_from_start(plan(), cut)
        assert "fps=30/1:start_time=0," in grid_graph(plan(), cut)


def test_grid_after_a_seek_keeps_the_sources_own_times() -> None:
    graph = grid_graph(plan(rate=Fraction(30_000, 1001)), Cut(600, 900, Fraction(1)))
    assert graph == (
        "[0:3]setpts=PTS-round(9881/1000/TB),fps=30000/1001,trim=start_pts=600:end_pts=900"
    )


def test_colour_tags_that_no_standard_defines_are_forgotten() -> None:
    made = plan()
    video = made.video.model_copy(update={"colours_valid": False})
    graph = grid_graph(made.model_copy(update={"video": video}), Cut(0, 300, None))
    assert graph.startswith("[0:3]setparams=color_primaries=unknown:")


def test_a_plan_that_left_turning_to_ffmpeg_still_does() -> None:
    """One that was made before a deploy."""
    made, cut = plan(), Cut(0, 300, None)
    assert "-noautorotate" not in read_options(made, "http://x/", cut)

    video = made.video.model_copy(update={"steady_size": (64, 48), "turned_deg": 90})
    made = made.model_copy(update={"video": video})
    assert "-noautorotate" in read_options(made, "http://x/", cut)
    assert "scale=64:48,transpose=clock," in grid_graph(made, cut)


def test_every_output_comes_from_one_decode() -> None:
    files = {"s": Path("/t/s.mp4"), "l": Path("/t/l.mp4")}
    options = chunk_options(plan(), Cut(300, 600, Fraction(1)), "http://x/", files, NO_LAYERS)

    assert options.count("-i") == 1
    [graph] = [b for a, b in itertools.pairwise(options) if a == "-filter_complex"]
    first, small, large = graph.split(";")
    assert first.startswith("[0:3]setpts=")
    assert first.endswith(",split=2[s0][s1]")
    assert small == f"[s0]scale=160:90:{SCALING},setsar=1,format=yuv420p,setpts=PTS-300[o0]"
    assert large == f"[s1]scale=640:360:{SCALING},setsar=1,format=yuv420p,setpts=PTS-300[o1]"
    assert options[options.index("-i") - 20 : options.index("-i")].count("-threads") <= 1
    assert options.index("-threads") < options.index("-i")
    assert options.count("-threads") == 3
    assert options.count("keyint=150:open-gop=0:stitchable=1") == 2
    assert [o for o in options if o.startswith("/t/")] == ["/t/s.mp4", "/t/l.mp4"]


def test_no_option_that_was_measured_to_lose_frames() -> None:
    files = {"s": Path("s"), "l": Path("l")}
    options = chunk_options(plan(), Cut(300, 600, Fraction(1)), "http://x/", files, NO_LAYERS)
    assert not {"-t", "-to", "-start_at_zero", "-err_detect", "-xerror"} & set(options)
    assert {"-noaccurate_seek", "-copyts"} <= set(options[: options.index("-i")])


@pytest.mark.parametrize("container", ["mpegts", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "avi"])
def test_prerolls_grow_to_the_start(container: str) -> None:
    *some, last = prerolls_s(container)
    assert last is None
    assert [s for s in some if s] == sorted({s for s in some if s})
