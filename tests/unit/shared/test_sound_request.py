"""Which sound stands in which container, and what each codec can be asked for."""

from typing import Any

import pytest

from functions.shared.errors import InvalidRequest
from functions.shared.job import parse_input
from functions.shared.request.output import KnownOutput


def output(container: str, **audio: Any) -> KnownOutput:
    asked = {"container": container, **({"audio": audio} if audio else {})}
    request = parse_input({"source": "s3://bucket/key", "render": {"outputs": [asked]}})
    assert request.render is not None
    return request.render.outputs[0].known()


@pytest.mark.parametrize(
    ("container", "codecs"),
    [
        ("mp4", {"aac", "mp3", "opus", "flac"}),
        ("mov", {"aac", "mp3", "pcm"}),
        ("mkv", {"aac", "mp3", "opus", "flac", "pcm"}),
        ("webm", {"opus"}),
        ("m4a", {"aac"}),
        ("mp3", {"mp3"}),
        ("flac", {"flac"}),
        ("wav", {"pcm"}),
        ("opus", {"opus"}),
    ],
)
def test_what_a_container_holds(container: str, codecs: set[str]) -> None:
    for codec in ("aac", "mp3", "opus", "flac", "pcm"):
        if codec in codecs:
            assert output(container, codec=codec).audio is not None
            continue
        with pytest.raises(InvalidRequest, match=f"{container} holds .* here, not {codec}"):
            output(container, codec=codec)


@pytest.mark.parametrize(
    ("container", "audio", "told"),
    [
        ("flac", {"bitrate_kbps": 128}, "flac loses nothing and takes no bitrate_kbps"),
        ("wav", {"codec": "pcm", "bitrate_kbps": 128}, "pcm loses nothing"),
        ("mp4", {"bit_depth": 24}, "bit_depth is for flac and pcm, not for aac"),
        ("mp4", {"bitrate_kbps": 24}, "aac has a bitrate_kbps of 32 to 512"),
        ("mp3", {"bitrate_kbps": 384}, "mp3 has a bitrate_kbps of 32 to 320"),
        ("webm", {"bitrate_kbps": 320}, "opus has a bitrate_kbps of 16 to 256"),
        ("webm", {"sample_rate_hz": 44_100}, "opus has a sample_rate_hz of 8000, "),
        ("mp3", {"channels": 6}, "mp3 has 1 or 2 channels"),
        ("mp4", {"channels": 3}, "channels"),
    ],
)
def test_what_a_codec_is_not(container: str, audio: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        output(container, **audio)


def test_a_file_of_sound_alone_has_sound() -> None:
    request = {"outputs": [{"container": "m4a", "audio": None}]}
    with pytest.raises(InvalidRequest, match="m4a is a file of sound alone"):
        parse_input({"source": "s3://bucket/key", "render": request})
