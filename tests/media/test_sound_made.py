"""What was made is read back before it is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from functions.render_audio.made import inspect
from functions.shared.errors import PartMismatch
from functions.shared.parts import Deadline
from functions.shared.plan import SoundTrack
from tests.media.support import run_ffmpeg

Make = Callable[..., Path]


@pytest.fixture
def sound(ffmpeg: Path, tmp_path: Path) -> Make:
    def make(name: str, *options: str) -> Path:
        file = tmp_path / name
        tone = ["-f", "lavfi", "-i", "sine=r=44100:d=1.5", "-ac", "2"]
        run_ffmpeg([ffmpeg, *tone, *options, file])
        return file

    return make


def track(container: str, codec: str, **fields: object) -> SoundTrack:
    return SoundTrack.model_validate(
        {
            "name": "it",
            "container": container,
            "codec": codec,
            "bitrate_kbps": None,
            "sample_rate_hz": None,
            "channels": None,
            "bit_depth": None,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("name", "container", "codec", "rate"),
    [
        ("a.m4a", "mp4", "aac", 44_100),
        ("a.mp3", "mp3", "mp3", 44_100),
        ("a.flac", "flac", "flac", 44_100),
        ("a.wav", "wav", "pcm", 44_100),
        ("a.opus", "ogg", "opus", 48_000),
    ],
)
def test_what_is_in_a_file(sound: Make, name: str, container: str, codec: str, rate: int) -> None:
    made = inspect(track(container, codec), sound(name), Deadline(60))
    assert made.facts == {
        "codec": codec,
        "rate": str(rate),
        "channels": "2",
        "samples": str(rate * 3 // 2),
    }
    assert made.end_s == 1.5


@pytest.mark.parametrize(
    ("name", "wanted", "told"),
    [
        ("a.m4a", track("mp4", "opus"), "the sound it is coded as 'mp4a', the plan says opus"),
        ("a.wav", track("wav", "flac"), "the sound it is coded as pcm, the plan says flac"),
        ("a.wav", track("wav", "pcm", channels=1), "has 2 channels, the plan says 1"),
        ("a.m4a", track("mp4", "aac", sample_rate_hz=48_000), "has 44100 samples a second, the"),
    ],
)
def test_a_file_of_another_kind(sound: Make, name: str, wanted: SoundTrack, told: str) -> None:
    with pytest.raises(PartMismatch, match=told):
        inspect(wanted, sound(name), Deadline(60))


def test_files_without_sound(ffmpeg: Path, tmp_path: Path, sound: Make) -> None:
    assert ffmpeg.exists()
    empty, text = tmp_path / "empty.mp3", tmp_path / "text.mp3"
    empty.touch()
    text.write_text("words and words\n" * 200)
    none = sound("none.wav", "-t", "0")
    for file, wanted, told in (
        (empty, track("mp3", "mp3"), "is empty"),
        (text, track("mp3", "mp3"), "can't be read back"),
        (none, track("wav", "pcm"), "has no samples"),
    ):
        with pytest.raises(PartMismatch, match=f"the sound it {told}"):
            inspect(wanted, file, Deadline(60))
