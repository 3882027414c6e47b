"""How each encoding of the sound is written."""

from collections.abc import Iterator, Sequence
from itertools import chain

from functions.shared.cut import clean_options
from functions.shared.plan import SoundTrack

_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_OPUS_LAYOUTS = "mono|stereo|3.0|quad|5.0|5.1|6.1|7.1"
"""libopus refuses others, the common 5.1(side) among them."""
_ENCODERS = {"aac": "aac", "mp3": "libmp3lame", "opus": "libopus", "flac": "flac"}
_SAMPLES = {16: ("s16", "pcm_s16le"), 24: ("s32", "pcm_s24le")}
_RATES_HZ = {"opus": "48000", "mp3": "16000|22050|24000|32000|44100|48000"}
"""Where none is asked for: what the source has, if it is among these. MP4 has no slower MP3."""
OPUS_HZ = 48_000
"""What Opus is played at, and so written with: Matroska and Ogg tell its delay in such samples. A
lower rate that is asked for is what its sound is made of."""
_SAME_BYTES = ("-fflags", "+bitexact")
"""No serial number that differs from run to run."""


def track_filters(tracks: Sequence[SoundTrack]) -> list[str]:
    """What stands before each encoder; "" for all where the source's own sound will do.

    Each has a resampler of its own. Without, what one encoder can't take is settled before the
    split, for all: an MP3 would make the surround sound beside it stereo.
    """
    shapes = [_shape(track) for track in tracks]
    if not any(shapes) and all(track.codec == "aac" for track in tracks):
        return shapes
    return [",".join(filter(None, ("aresample", shape))) for shape in shapes]


def _shape(track: SoundTrack) -> str:
    rate = str(track.sample_rate_hz or _RATES_HZ.get(track.codec, ""))
    layout = _LAYOUTS.get(track.channels or 0)
    if layout is None and track.codec == "opus":
        layout = _OPUS_LAYOUTS
    parts = (
        f"sample_fmts={_SAMPLES[track.bit_depth][0]}" if track.bit_depth else "",
        f"sample_rates={rate}" if rate else "",
        f"channel_layouts={layout}" if layout else "",
    )
    given = ":".join(filter(None, parts))
    slower = track.codec == "opus" and track.sample_rate_hz not in {None, OPUS_HZ}
    return (f"aformat={given}" if given else "") + (f",aresample={OPUS_HZ}" if slower else "")


def encoder_options(track: SoundTrack) -> list[str]:
    """Everything after the filters, but for the file's name."""
    tags = (("-metadata", f"{tag}={text}") for tag, text in track.tags.items())
    return [*clean_options(), *chain.from_iterable(tags), *_codec(track), *_container(track)]


def _codec(track: SoundTrack) -> Iterator[str]:
    if track.bit_depth is not None and track.codec == "pcm":
        yield from ("-c:a", _SAMPLES[track.bit_depth][1])
        return
    yield from ("-c:a", _ENCODERS[track.codec])
    if track.bitrate_kbps is not None:
        yield from ("-b:a", f"{track.bitrate_kbps}k")
    if track.codec == "flac" and track.bit_depth is not None:
        yield from ("-bits_per_raw_sample", str(track.bit_depth))


def _container(track: SoundTrack) -> list[str]:
    match track.container:
        case "mp4" | "mov":
            return ["-movflags", "+faststart", "-f", track.container]
        case "wav":
            # Over 4 GiB a WAV's sizes are not enough.
            return [*_SAME_BYTES, "-rf64", "auto", "-f", "wav"]
        case _:
            return [*_SAME_BYTES, "-f", track.container]
