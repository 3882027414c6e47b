"""How frames `[start, end)` of the output grid are cut from a source (method: see `read_options`).

One clock for the whole job: zero is the earliest start of the streams used. Every worker lays the
same grid over it, so a chunk, a snapshot and a render in one piece hold the same frames. A job's
clips are runs of that grid, each with a zero and a pace of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from functions.shared.ffmpeg import PIECE_BYTES, input_options
from functions.shared.picture_filters import turn_filters
from functions.shared.plan import Plan, Span, frame_slack
from functions.shared.steady_filters import light_options, steady_filters

FROM_START = None
_INDEXED_S = (Fraction(1, 4), Fraction(4), Fraction(16), FROM_START)
_UNINDEXED_S = (Fraction(11), Fraction(30), FROM_START)
_DEINTERLACE = "bwdif=mode=send_frame:parity=auto:deint=all"
"""One frame of two fields. It looks one frame back and one ahead, which the preroll and the reading
past the end hold; so it stands before the grid."""
_UNINDEXED = {"mpegts", "mpeg"}


@dataclass(frozen=True)
class Cut:
    """Frames `[start_frame, end_frame)` of the grid."""

    start_frame: int
    end_frame: int
    preroll_s: Fraction | None
    """How far before the first frame decoding begins; None: at the source's start."""


def prerolls_s(container: str) -> tuple[Fraction | None, ...]:
    """Prerolls to try in turn.

    A seek that landed too late always showed as too few frames (0 silent errors in 574 renders),
    so the frame count is enough to tell. MPEG streams have no index, so their first is larger:
    of 27 sources 23 were exact at 1 s and all at 11 s. With an index the first is there for sources
    whose decoding times are far from their presentation times: of 40 sources of ../shared/corpus,
    284 cuts, one needed it, and all pictures were equal to those of 16 s.
    """
    return _INDEXED_S if is_indexed(container) else _UNINDEXED_S


def is_indexed(container: str) -> bool:
    """Whether a seek finds the key frame before a time."""
    return container not in _UNINDEXED


def seek_s(plan: Plan, span: Span, preroll_s: Fraction | None) -> Fraction | None:
    """Where to seek, on ffmpeg's clock for input `-ss`; None: no seek."""
    if preroll_s is None:
        return None
    into_clip_s = span.start_frame / plan.video.rate * span.clip.speed
    at = span.clip.start_s + into_clip_s - preroll_s
    return at + plan.clock.zero_s - plan.clock.container_start_s if at > 0 else None


def reads_from_start(plan: Plan, cut: Cut) -> bool:
    """Whether no larger preroll exists."""
    return all(seek_s(plan, span, cut.preroll_s) is None for span in _spans(plan, cut))


def read_options(
    plan: Plan, url: str, cut: Cut, *, piece_bytes: int = PIECE_BYTES, keys_only: bool = False
) -> list[str]:
    """Input options of a cut, one input a span. No `-t` or `-to`: with a coarse seek they count
    from the key frame and lose frames; `trim` ends the reading instead.

    With `keys_only` each frame of the grid shows the last key frame before it, and nothing else is
    decoded; behind the last one there are no frames.
    """
    threads = str(plan.threads)
    options = ["-filter_threads", threads, "-filter_complex_threads", threads]
    for span in _spans(plan, cut):
        at = seek_s(plan, span, cut.preroll_s)
        seek = [] if at is None else ["-ss", f"{float(at):.6f}"]
        options += [*seek, "-noaccurate_seek", "-copyts", "-threads", threads]
        options += ["-c:v", plan.video.decoder] if plan.video.decoder else []
        options += ["-max_pixels", str(plan.video.most_pixels)] if plan.video.most_pixels else []
        options += ["-skip_frame", "nokey"] if keys_only else []
        if plan.video.steady_size is not None:
            # A graph that is built anew in mid-stream loses the frames it holds, and ffmpeg's own
            # turning, before all filters, cannot take pictures of another size.
            options += ["-reinit_filter", "0", "-noautorotate"]
        options += light_options(plan.video)
        # The container's crop is not what the plan's sizes are of.
        options += ["-apply_cropping", "codec"]
        options += input_options(url, piece_bytes)
    return options


def input_count(plan: Plan, cut: Cut) -> int:
    """How many inputs `read_options` opens; what else is read comes after them."""
    return len(_spans(plan, cut))


def grid_graph(plan: Plan, cut: Cut) -> str:
    """A filter graph from the source to numbered frames of the grid (pts = frame number); its last
    chain is open. Filters that follow see the job's clock; rebase last, with `rebase`.
    """
    spans = _spans(plan, cut)
    stream = plan.video.stream_index
    if len(spans) == 1:
        return f"[0:{stream}]{','.join(_span_filters(plan, spans[0], cut, 0))}"
    chains = [
        f"[{i}:{stream}]{','.join(_span_filters(plan, span, cut, i))},setpts=PTS-STARTPTS[clip{i}]"
        for i, span in enumerate(spans)
    ]
    pads = "".join(f"[clip{i}]" for i in range(len(spans)))
    rate = plan.video.rate
    joined = (
        f"{pads}concat=n={len(spans)}:v=1:a=0,settb={rate.denominator}/{rate.numerator},"
        f"setpts=N+{cut.start_frame}"
    )
    return ";".join([*chains, joined])


def _spans(plan: Plan, cut: Cut) -> tuple[Span, ...]:
    return plan.spans(cut.start_frame, cut.end_frame)


def _span_filters(plan: Plan, span: Span, cut: Cut, number: int) -> Iterator[str]:
    """From the source's frames to frames of the clip, then numbered as on the grid. `number` is
    the span's own, for the names of pads.

    Without a seek the grid begins at zero, so that video which starts after the audio keeps its
    place.
    """
    rate, clip = plan.video.rate, span.clip
    zero_s = plan.clock.zero_s + clip.start_s
    yield from steady_filters(plan.video, number)
    if plan.video.deinterlaced:
        yield _DEINTERLACE
    yield from turn_filters(plan.video.turned_deg, mirrored=plan.video.mirrored)
    pace = "" if clip.speed == 1 else f"*{clip.speed.denominator}/{clip.speed.numerator}"
    shifted = f"PTS-round({_ratio(zero_s)}/TB)"
    yield f"setpts=({shifted}){pace}" if pace else f"setpts={shifted}"
    begin = "" if seek_s(plan, span, cut.preroll_s) is not None else ":start_time=0"
    # A grid that is coarser than the source is short still has its one frame.
    single = clip.open_ended and clip.frames == 1
    end = ":eof_action=pass" if single else ""
    yield f"fps={rate.numerator}/{rate.denominator}{begin}{end}"
    if clip.open_ended and clip.end_frame < plan.video.total_frames:
        # A source may end a little before its tables say, and what follows must not move up.
        yield f"tpad=stop_mode=clone:stop={frame_slack(rate)}"
    yield f"trim=start_pts={span.start_frame}:end_pts={clip.frames if single else span.end_frame}"
    if clip.first_frame:
        yield f"setpts=PTS+{clip.first_frame}"


def rebase(cut: Cut) -> str:
    """The last filter: the cut's first frame becomes 0."""
    return f"setpts=PTS-{cut.start_frame}"


def clean_options() -> list[str]:
    """Per output file: no metadata, chapters or timestamps of the source's own."""
    return ["-map_metadata", "-1", "-map_chapters", "-1"]


def _ratio(value: Fraction) -> str:
    """Exact in a filter's expression, where decimals would round."""
    return f"{value.numerator}/{value.denominator}"
