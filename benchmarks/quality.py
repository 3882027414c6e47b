"""How a job's files compare with bare ffmpeg's: VMAF of both against the source."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import vmaf
from functions.shared.plan import Output

MOST_FRAMES = 600
"""Spread over the clip for the mean; those near seams come on top."""


@dataclass(frozen=True)
class Quality:
    """Means over a case's outputs; of the seams the worst of all."""

    job: float
    ffmpeg: float
    at_seams: tuple[float, float] | None
    """The worst frame within a second of a seam: the job's and, in the same seconds, ffmpeg's."""
    frames: int
    """Compared, of each file."""


def compare(
    ffmpeg: str,
    source: Path,
    outputs: Sequence[Output],
    made: Sequence[Path],
    bare: Sequence[Path],
    seams: Sequence[int],
    total: int,
    rate: float,
) -> Quality:
    usual = vmaf.spread(total, rate, MOST_FRAMES)
    near = vmaf.joined(vmaf.around(seams, rate, total))
    windows = vmaf.joined([*usual, *near])
    jobs, ffmpegs = [], []
    worst: list[tuple[float, float]] = []
    for output, ours, theirs in zip(outputs, made, bare, strict=True):
        size = (output.width, output.height)
        our_scores = vmaf.scores(ffmpeg, ours, source, windows, size)
        their_scores = vmaf.scores(ffmpeg, theirs, source, windows, size)
        jobs.append(vmaf.mean(our_scores, usual))
        ffmpegs.append(vmaf.mean(their_scores, usual))
        lows = vmaf.lowest(our_scores, near), vmaf.lowest(their_scores, near)
        if lows[0] is not None and lows[1] is not None:
            worst.append((lows[0], lows[1]))
    return Quality(
        job=statistics.mean(jobs),
        ffmpeg=statistics.mean(ffmpegs),
        at_seams=min(worst, key=lambda pair: pair[0] - pair[1], default=None),
        frames=sum(end - start for start, end in windows),
    )
