"""How sound is encoded, and which codec stands in which container."""

from typing import Literal, Self

from pydantic import Field, model_validator

from functions.shared.request.base import Model

SoundCodec = Literal["aac", "mp3", "opus", "flac", "pcm"]
SampleRate = Literal[8000, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000]

CODECS: dict[str, tuple[SoundCodec, ...]] = {
    "mp4": ("aac", "mp3", "opus", "flac"),
    "mov": ("aac", "mp3", "pcm"),
    "mkv": ("aac", "mp3", "opus", "flac", "pcm"),
    "webm": ("opus",),
    "m4a": ("aac",),
    "mp3": ("mp3",),
    "flac": ("flac",),
    "wav": ("pcm",),
    "opus": ("opus",),
}
"""What a container may hold, the usual one first; one that is not here has no sound."""

SOUND_FILES = ("m4a", "mp3", "flac", "wav", "opus")
"""Containers of sound alone."""

LOSSLESS: tuple[SoundCodec, ...] = ("flac", "pcm")

_BITRATES_KBPS = {"aac": (32, 512), "mp3": (32, 320), "opus": (16, 256)}
_RATES_HZ: dict[str, tuple[int, ...]] = {
    "aac": (8000, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000),
    "mp3": (16000, 22050, 24000, 32000, 44100, 48000),
    "opus": (8000, 12000, 16000, 24000, 48000),
}


class AudioEncoding(Model):
    """How an output's sound is encoded."""

    codec: SoundCodec | None = Field(
        default=None,
        description=(
            "AAC is AAC-LC. Without it the container's usual: `aac` in mp4, mov, mkv and m4a,"
            " `opus` in webm and opus, `mp3`, `flac`, and `pcm` in wav."
        ),
    )
    bitrate_kbps: int | None = Field(
        default=None,
        ge=16,
        le=512,
        description=(
            "Of all channels together; without it 128 for AAC, 192 for MP3 and 96 for Opus. Not"
            " for FLAC and PCM, which lose nothing."
        ),
    )
    sample_rate_hz: SampleRate | None = Field(
        default=None,
        description=(
            "The source's without it, or the nearest the codec has. Opus files always say 48000;"
            " a lower rate leaves out what it could not hold."
        ),
    )
    channels: Literal[1, 2, 6] | None = Field(
        default=None, description="Mixed down or up to so many; the source's without it."
    )
    bit_depth: Literal[16, 24] | None = Field(
        default=None, description="Of FLAC and PCM; 16 without it."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.codec is not None:
            check_encoding(self, self.codec)
        return self


def check_encoding(wanted: AudioEncoding, codec: SoundCodec) -> None:
    """ValueError where a codec can't be what is wanted of it."""
    if codec in LOSSLESS and wanted.bitrate_kbps is not None:
        raise ValueError(f"{codec} loses nothing and takes no bitrate_kbps")
    if codec not in LOSSLESS and wanted.bit_depth is not None:
        raise ValueError(f"bit_depth is for flac and pcm, not for {codec}")
    least, most = _BITRATES_KBPS.get(codec, (0, 0))
    if wanted.bitrate_kbps is not None and not least <= wanted.bitrate_kbps <= most:
        raise ValueError(f"{codec} has a bitrate_kbps of {least} to {most}")
    rates = _RATES_HZ.get(codec)
    if wanted.sample_rate_hz is not None and rates and wanted.sample_rate_hz not in rates:
        raise ValueError(f"{codec} has a sample_rate_hz of {', '.join(map(str, rates))}")
    if codec == "mp3" and wanted.channels == 6:  # noqa: PLR2004 - 5.1
        raise ValueError("mp3 has 1 or 2 channels")


def check_sound(container: str, wanted: AudioEncoding | None) -> None:
    """ValueError where a container can't hold the sound that is wanted in it."""
    if wanted is None:
        if container in SOUND_FILES:
            raise ValueError(f"{container} is a file of sound alone: audio can't be null")
        return
    codecs = CODECS.get(container)
    if codecs is None:
        return
    if wanted.codec is not None and wanted.codec not in codecs:
        raise ValueError(f"{container} holds {' or '.join(codecs)} here, not {wanted.codec}")
    check_encoding(wanted, wanted.codec or codecs[0])
