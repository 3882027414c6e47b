"""Whether the job's sound fits where it is made: on the disk of one function."""

from fractions import Fraction

from functions.plan_render.assets.bring_in import Brought
from functions.plan_render.sound_edit import heard_facts
from functions.plan_render.source.facts import AudioFacts, Probe
from functions.shared.errors import InvalidRequest
from functions.shared.plan import Audio, SoundTrack
from functions.shared.request.sound_edit import SoundEdit

_MIB = 1 << 20
_AROUND = Fraction(21, 20)
"""Tables, and bitrates that are kept only on the whole."""
_USUAL_BITS = 16
_MOST_MB = 10_240
"""What Lambda gives a function."""
_MOST_FILE_BYTES = 5 * 1000**3
"""What S3 copies at once, as a file of sound alone is published."""


def check_room(
    audio: Audio,
    probe: Probe,
    wanted: SoundEdit | None,
    brought: Brought,
    length_s: Fraction,
    storage_mb: int,
) -> None:
    """Raises InvalidRequest where all encodings together, or one alone, would be too large."""
    heard = heard_facts(wanted, probe, brought)
    if heard is None:
        return
    sizes = {track.name: _bytes(track, heard, length_s) for track in audio.tracks}
    largest = max(sizes, key=lambda name: sizes[name])
    what = f"render.outputs: {float(length_s) / 60:,.0f} minutes of sound"
    if sizes[largest] > _MOST_FILE_BYTES:
        raise InvalidRequest(
            f"{what} as {largest} may have {sizes[largest]:,} bytes; {_MOST_FILE_BYTES:,} are"
            " allowed: ask for a codec with a bitrate_kbps, for fewer channels, or for less."
        )
    needed_mb = -(-sum(sizes.values()) // _MIB)
    if needed_mb > storage_mb:
        raise InvalidRequest(
            f"{what} as {', '.join(sizes)} need about {needed_mb:,} MB of disk and the function"
            f" that makes them has {storage_mb:,}; ask for fewer, or for ones with a bitrate_kbps,"
            f" or deploy with a larger audio_storage_mb ({_MOST_MB:,} at most)."
        )


def _bytes(track: SoundTrack, heard: AudioFacts, length_s: Fraction) -> int:
    """At most: FLAC may come to what PCM has, of noise."""
    bits_per_s = 1000 * (track.bitrate_kbps or 0)
    if track.bitrate_kbps is None:
        rate_hz = track.sample_rate_hz or heard.sample_rate
        channels = track.channels or heard.channels
        bits_per_s = rate_hz * channels * (track.bit_depth or _USUAL_BITS)
    around = 1 if track.codec == "pcm" else _AROUND
    return int(length_s * bits_per_s * around / 8)
