"""Whether the outputs' files can be put together in one function's time, and counted in one table.

All files of a job pass through `assemble_render`, one after the other. AWS gives a function of less
than 2 GB 625 Mbit/s each way (whats-new 2026/08, aws-lambda-network-bandwidth), which is 78 MB/s;
docs/decisions/0005 has what was measured of it. What an encoder is left to choose by quality is not
known before, so only what is asked for by bit rate, and ProRes, is held against the time here;
anything else that takes too long ends as RenderTimedOut, with nothing published.
"""

from collections.abc import Sequence
from fractions import Fraction

from functions.shared.errors import InvalidRequest
from functions.shared.plan import Audio, Output, Video

MOST_FRAMES = 4_000_000
"""A little less than mp4.sample_tables reads: a source may be longer than it says. 37 hours at 30
frames a second."""
_BYTES_PER_S = 65_000_000
_FOR_THE_PARTS = Fraction(1, 10)
"""Of the time: their tables are looked at before."""
_PRORES_BITS_PER_PIXEL = {"proxy": 0.72, "lt": 1.64, "standard": 2.36, "hq": 3.54, "4444": 5.31}
"""What Apple's white paper gives for 1920x1080 at 29.97 frames a second: 45 to 330 Mbit/s."""


def check_files(
    files: Sequence[Output], audio: Audio | None, video: Video, assemble_timeout_s: int
) -> None:
    """Raises InvalidRequest where a file would have too many frames, or all too many bytes."""
    if not files:
        return
    if video.total_frames > MOST_FRAMES:
        raise InvalidRequest(
            f"render.outputs: the file would have {video.total_frames:,} frames and"
            f" {MOST_FRAMES:,} are allowed: ask for less of the source, or for a lower edit.fps."
        )
    length_s = video.total_frames / video.rate
    tracks = {track.name: track for track in (audio.tracks if audio else ())}
    needed = 0
    for output in files:
        sound = tracks.get(output.audio_track or "")
        kbps = sound.bitrate_kbps or 0 if sound else 0
        needed += int(length_s * (_bits_per_s(output, video.rate) + 1000 * kbps) / 8)
    most = int(_BYTES_PER_S * assemble_timeout_s * (1 - _FOR_THE_PARTS))
    if needed > most:
        raise InvalidRequest(
            f"render.outputs: {', '.join(output.name for output in files)} would have about"
            f" {needed:,} bytes, and one function can put together about {most:,} in its"
            f" {assemble_timeout_s} s: ask for lower bit rates, for fewer outputs, or for less of"
            " the source at once."
        )


def _bits_per_s(output: Output, rate: Fraction) -> int:
    """0 where only a quality was asked for."""
    if output.coding.codec == "prores":
        per_pixel = _PRORES_BITS_PER_PIXEL[output.coding.profile]
        return int(output.width * output.height * rate * Fraction(per_pixel))
    return 1000 * (output.coding.bitrate_kbps or 0)
