"""EBU R128 in two passes: the whole is measured, then brought to its loudness.

loudnorm does so by one gain throughout where that keeps to the true peak, and else by following the
sound, as a limiter does. Its own measuring takes six times as long as the meter's (14 s of CPU
against 2.2 s for 600 s of stereo) and told the same to 0.05 LU.
"""

import math
import re
from dataclasses import dataclass

from functions.shared.errors import FfmpegFailed
from functions.shared.plan import Loudness

MEASURING = "ebur128=peak=true:framelog=quiet"
_LEAST_RANGE, _MOST_RANGE = 7.0, 50.0
_QUIETEST_LUFS = -70.0
"""What the standard's gate takes for silence."""
_NOT_ZERO = 0.01
"""loudnorm takes a range of 0 for one that was not measured."""
_TOLD = r"^\s+{}:\s+(-?[\d.]+|-?inf|nan)"


@dataclass(frozen=True)
class Measured:
    """What the meter tells of a sound. LUFS, dBTP, LU, LUFS."""

    integrated: float
    true_peak: float
    loudness_range: float
    threshold: float

    @property
    def is_silent(self) -> bool:
        return not self.integrated > _QUIETEST_LUFS or not math.isfinite(self.true_peak)


def parse(stderr: str) -> Measured:
    """What the meter printed last. Raises FfmpegFailed where it did not."""
    summary = stderr.rpartition("Summary:")[2]
    found = [
        re.search(_TOLD.format(name), summary, re.MULTILINE)
        for name in ("I", "Peak", "LRA", "Threshold")
    ]
    numbers = [float(one[1]) for one in found if one]
    if len(numbers) < len(found):
        raise FfmpegFailed("ffmpeg did not tell the loudness of the sound.")
    return Measured(*numbers)


def setting_filters(wanted: Loudness, found: Measured, sample_rate_hz: int) -> str:
    """Back at the job's sample rate: where it follows the sound, loudnorm works at 192 kHz."""
    if found.is_silent:
        return "anull"
    # A range that was found is kept: to squeeze it is not what was asked.
    kept = min(_MOST_RANGE, max(_LEAST_RANGE, math.ceil(found.loudness_range)))
    return (
        f"loudnorm={_target(wanted, kept)}"
        f":measured_I={found.integrated}:measured_TP={found.true_peak}"
        f":measured_LRA={max(found.loudness_range, _NOT_ZERO)}"
        f":measured_thresh={found.threshold}:linear=true,"
        f"aresample={sample_rate_hz}:osf=flt"
    )


def _target(wanted: Loudness, loudness_range: float) -> str:
    return f"I={wanted.lufs}:TP={wanted.true_peak_db}:LRA={loudness_range}"
