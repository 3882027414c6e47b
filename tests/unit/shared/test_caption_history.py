"""What libass must have seen before a chunk begins."""

from fractions import Fraction

from functions.shared.caption_history import MOST_MOMENTS, burning, history
from functions.shared.plan.overlay import Cue

RATE = Fraction(25)


def cue(start_ms: int, end_ms: int) -> Cue:
    return start_ms, end_ms, "x"


def test_nothing_where_no_caption_is_shown_over_the_seam() -> None:
    cues = [cue(500, 1000), cue(2000, 3000)]
    for start_frame in (0, 25, 30, 49, 50, 75, 90):
        assert history(cues, start_frame, RATE) == []


def test_every_change_since_none_was_shown() -> None:
    cues = [cue(0, 400), cue(1000, 2100), cue(1920, 4300), cue(4000, 5000), cue(5000, 6000)]
    assert history(cues, 100, RATE) == [25, 26, 48, 49, 53, 54]
    assert history(cues, 110, RATE) == [25, 26, 48, 49, 53, 54, 100, 101, 108, 109]
    # The last begins where the one before ends: they never meet.
    assert history(cues, 130, RATE) == [125, 126]


def test_history_is_bounded() -> None:
    cues = [cue(n * 100, n * 100 + 150) for n in range(1000)]
    moments = history(cues, 2000, RATE)
    assert len(moments) == MOST_MOMENTS
    assert moments[-1] == 1999


def test_captions_are_timed_in_the_middle_of_milliseconds() -> None:
    assert burning("ass=x", [], 300, Fraction(30000, 1001), "c") == (
        "settb=1/1000000,setpts=PTS+500,ass=x,setpts=PTS-500,settb=1001/30000"
    )


def test_moments_before_are_drawn_on_and_cut_off() -> None:
    graph = burning("ass=x", [cue(1000, 5000)], 50, RATE, "c")
    assert "setpts='eq(N,0)*1000500+eq(N,1)*1040500'" in graph
    assert "loop=loop=1:size=1" in graph
    assert graph.endswith(",ass=x,setpts=PTS-500,settb=1/25,trim=start_pts=50")
