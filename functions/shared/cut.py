"""How frames `[start, end)` of the output grid are cut from a source (method: see `cut_options`).

One clock for the whole job: zero is the earliest start of the streams used. Every worker lays the
same grid over it, so a chunk, a snapshot and a render in one piece hold the same frames.
"""

from dataclasses import dataclass
from fractions import Fraction

from functions.shared.ffmpeg import input_options
from functions.shared.plan import Plan

FROM_START = None
_INDEXED_S = (Fraction(1), Fraction(4), Fraction(16), FROM_START)
_UNINDEXED_S = (Fraction(11), Fraction(30), FROM_START)
_FORGET_COLOURS = "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown"
_UNINDEXED = {"mpegts", "mpeg"}
_SOUND_OFF_S = 0.02
"""How far sound may be from its timestamps before silence is put in or samples are dropped: under
one lost AAC packet (21 ms), over the jitter of recorders (docs/decisions/0007-sound-gaps.md)."""


@dataclass(frozen=True)
class Cut:
    """Frames `[start_frame, end_frame)` of the grid; `end_frame` None runs to the source's end."""

    start_frame: int
    end_frame: int | None
    preroll_s: Fraction | None
    """How far before the first frame decoding begins; None: at the source's start."""


def prerolls_s(container: str) -> tuple[Fraction | None, ...]:
    """Prerolls to try in turn.

    A seek that landed too late always showed as too few frames (0 silent errors in 574 renders),
    so the frame count is enough to tell. MPEG streams have no index, so their first is larger:
    of 27 sources 23 were exact at 1 s and all at 11 s.
    """
    return _UNINDEXED_S if container in _UNINDEXED else _INDEXED_S


def seek_s(plan: Plan, cut: Cut) -> Fraction | None:
    """Where to seek, on ffmpeg's clock for input `-ss`; None: no seek."""
    if cut.preroll_s is None:
        return None
    at = cut.start_frame / plan.video.rate - cut.preroll_s
    return at + plan.clock.zero_s - plan.clock.container_start_s if at > 0 else None


def reads_from_start(plan: Plan, cut: Cut) -> bool:
    """Whether no larger preroll exists."""
    return seek_s(plan, cut) is None


def read_options(plan: Plan, url: str, cut: Cut) -> list[str]:
    """Input options of a cut. No `-t` or `-to`: with a coarse seek they count from the key frame
    and lose frames; `trim` ends the reading instead."""
    at = seek_s(plan, cut)
    seek = [] if at is None else ["-ss", f"{float(at):.6f}"]
    threads = str(plan.threads)
    return [
        *("-filter_threads", threads, "-filter_complex_threads", threads),
        *(*seek, "-noaccurate_seek", "-copyts", "-threads", threads),
        *input_options(url),
    ]


def grid_filters(plan: Plan, cut: Cut) -> str:
    """Filters from the source's frames to numbered frames of the grid (pts = frame number).

    Filters that follow still see the job's clock; rebase last, with `rebase`. Without a seek the
    grid begins at zero, so that video which starts after the audio keeps its place.
    """
    begin = "" if seek_s(plan, cut) is not None else ":start_time=0"
    end = "" if cut.end_frame is None else f":end_pts={cut.end_frame}"
    rate = plan.video.rate
    colours = "" if plan.video.colours_valid else f"{_FORGET_COLOURS},"
    return (
        f"{colours}setpts=PTS-round({_ratio(plan.clock.zero_s)}/TB),"
        f"fps={rate.numerator}/{rate.denominator}{begin},"
        f"trim=start_pts={cut.start_frame}{end}"
    )


def rebase(cut: Cut) -> str:
    """The last filter: the cut's first frame becomes 0."""
    return f"setpts=PTS-{cut.start_frame}"


def audio_filters(plan: Plan) -> str:
    """The whole track on the job's clock: silence before a late start, gaps filled."""
    return (
        f"asetpts=PTS-round({_ratio(plan.clock.zero_s)}/TB),"
        f"aresample=async=1:first_pts=0:min_hard_comp={_SOUND_OFF_S}"
    )


def clean_options() -> list[str]:
    """Per output file: no metadata, chapters or timestamps of the source's own."""
    return ["-map_metadata", "-1", "-map_chapters", "-1"]


def _ratio(value: Fraction) -> str:
    """Exact in a filter's expression, where decimals would round."""
    return f"{value.numerator}/{value.denominator}"
