"""Reads back what was made: an MP4's tables tell, other files are decoded once."""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from functions.render_audio.encoder import OPUS_HZ
from functions.shared.errors import FfmpegFailed, PartMismatch
from functions.shared.ffmpeg import Input, run_ffmpeg
from functions.shared.mp4.inspection import describe_audio, named, only_track
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.track import read_movie
from functions.shared.parts import Deadline
from functions.shared.plan import SoundTrack

_ENTRIES = {
    "aac": ("mp4a",),
    "mp3": ("mp4a", ".mp3"),
    "opus": ("Opus",),
    "flac": ("fLaC",),
    "pcm": ("sowt", "in24", "lpcm"),
}
_COUNT = "astats=measure_perchannel=none:measure_overall=Number_of_samples"
_STREAM = re.compile(r"^\s*Stream #0:0.*: Audio: (\w+).*, (\d+) Hz, ([^,]+)", re.MULTILINE)
_SAMPLES = re.compile(r"Number of samples: (\d+)")
_LAYOUTS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}


@dataclass(frozen=True)
class Made:
    """What a part holds."""

    codec: str
    sample_rate_hz: int
    channels: int
    samples: int
    """Of one channel."""
    end_s: Fraction
    """Silence before the first sample included."""

    @property
    def facts(self) -> dict[str, str]:
        """For the part's metadata."""
        return {
            "codec": self.codec,
            "rate": str(self.sample_rate_hz),
            "channels": str(self.channels),
            "samples": str(self.samples),
        }


def inspect(track: SoundTrack, file: Path, deadline: Deadline) -> Made:
    """PartMismatch where the file is not what the track says."""
    name = f"the sound {track.name}"
    with named(name):
        made = (
            _of_tables(track, file)
            if track.container in {"mp4", "mov"}
            else _of_decoding(track, file, deadline)
        )
        rate_hz = OPUS_HZ if track.codec == "opus" else track.sample_rate_hz
        for what, found, wanted in (
            ("channels", made.channels, track.channels),
            ("samples a second", made.sample_rate_hz, rate_hz),
        ):
            if wanted is not None and found != wanted:
                raise PartMismatch(f"has {found} {what}, the plan says {wanted}")
        return made


def _of_tables(track: SoundTrack, file: Path) -> Made:
    source = FileBytes(file)
    movie = read_movie(source)
    sound = only_track(movie, "soun")
    kind = sound.sample_entry.kind
    if kind not in _ENTRIES[track.codec]:
        raise PartMismatch(f"is coded as {kind!r}, the plan says {track.codec}")
    part = describe_audio(movie, sound, source.size_bytes)
    samples = round(part.duration_s * part.sample_rate)
    return Made(track.codec, part.sample_rate, part.channels, samples, part.end_s)


def _of_decoding(track: SoundTrack, file: Path, deadline: Deadline) -> Made:
    if not file.stat().st_size:
        raise PartMismatch("is empty")
    options = ["-loglevel", "info", "-i", str(file), "-map", "0:a:0", "-af", _COUNT]
    left_s = deadline.left_s(f"reading the sound {track.name} back")
    try:
        told = run_ffmpeg([*options, "-f", "null", "-"], Input(str(file), "it"), timeout_s=left_s)
    except FfmpegFailed as error:
        raise PartMismatch(f"can't be read back ({error})") from error
    stream, samples = _STREAM.search(told), _SAMPLES.search(told)
    if stream is None or samples is None or not int(samples[1]):
        raise PartMismatch("has no samples")
    codec = "pcm" if stream[1].startswith("pcm_") else stream[1]
    if codec != track.codec:
        raise PartMismatch(f"is coded as {codec}, the plan says {track.codec}")
    rate_hz, count = int(stream[2]), int(samples[1])
    return Made(codec, rate_hz, _channels(stream[3]), count, Fraction(count, rate_hz))


def _channels(layout: str) -> int:
    """Of ffmpeg's name for it: 5.1(side) has six."""
    name = layout.partition("(")[0].strip()
    if name in _LAYOUTS:
        return _LAYOUTS[name]
    return sum(int(number) for number in re.findall(r"\d+", name))
