"""The output frame rate: what the pictures' times say, on a rate that players know."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

_STANDARD = tuple(
    Fraction(*pair)
    for pair in (
        *((n, 1) for n in (1, 2, 5, 8, 10, 12, 15, 18, 20, 24, 25, 30, 48, 50, 60, 100, 120)),
        *((n * 1000, 1001) for n in (12, 15, 24, 30, 48, 60, 120)),
        (25, 2),
    )
)
HIGHEST = Fraction(120)
LOWEST = Fraction(1)
UNKNOWN = Fraction(25)
"""For a single picture, whose rate nothing says; FFmpeg's own default."""
_NEAR = Fraction(1, 100)
_REGULAR_SHARE = Fraction(4, 5)


def output_rate(header: Fraction | None, measured: Fraction | None) -> Fraction:
    """The grid's rate from the header's average and the measured one.

    The header is exact where it is right, but it can be anything (1000 for a 29.97 fps Matroska
    file); measuring short clips is imprecise, and fields stored as packets of their own count
    double.
    """
    sane = header if header is not None and LOWEST / 2 <= header <= HIGHEST * 2 else None
    rate = measured or sane or UNKNOWN
    if sane and measured and (_near(sane, measured) or _near(2 * sane, measured)):
        rate = sane
    return snap(rate)


def snap(rate: Fraction) -> Fraction:
    """The nearest standard rate within 1 %, else a rate with a small denominator, 1 to 120."""
    nearest = min(_STANDARD, key=lambda standard: abs(standard - rate))
    if _near(nearest, rate):
        return nearest
    return min(HIGHEST, max(LOWEST, rate.limit_denominator(100)))


def measure(times: Sequence[int], tick_s: Fraction) -> Fraction | None:
    """Frames per second from rising picture times in ticks; None where there are fewer than two.

    Where four in five intervals are alike, a dropped frame does not count; else it is the average.
    """
    gaps = [b - a for a, b in pairwise(times) if b > a]
    if not gaps:
        return None
    usual = median(gaps)
    regular = [gap for gap in gaps if abs(gap - usual) <= max(1, usual / 20)]
    used = regular if len(regular) >= _REGULAR_SHARE * len(gaps) else gaps
    return len(used) / (sum(used) * tick_s)


def _near(a: Fraction, b: Fraction) -> bool:
    return abs(a - b) <= _NEAR * b
