"""The sound in the plan: what is made once, how long it is, and files of it alone."""

from fractions import Fraction
from typing import Any

import pytest

from functions.plan_render.facts import AudioFacts, Probe
from functions.plan_render.plan import PlanSettings, plan_render
from functions.shared.errors import SourceHasNoSound, SourceHasNoVideo
from functions.shared.job import parse_input
from functions.shared.plan import Plan, Source
from tests.unit.plan_render.test_plan import AUDIO, probe

SETTINGS = PlanSettings(threads=2, max_parallel=50, chunk_memory_mb=10_240)
SOURCE = Source(bucket="b", key="k", etag='"e"', size_bytes=9, container="mp3")


def heard(audio: AudioFacts | None = AUDIO) -> Probe:
    """A source of sound alone."""
    return Probe(container="mp3", container_start_s=Fraction(0), video=None, audio=audio)


def plan(found: Probe, *outputs: dict[str, Any], **fields: Any) -> Plan:
    request = {"source": "s3://bucket/key", "render": {"outputs": list(outputs)}, **fields}
    return plan_render("job", parse_input(request), SOURCE, found, SETTINGS)


def test_encodings_are_shared_by_what_they_are() -> None:
    made = plan(
        probe(),
        {"name": "a", "container": "mp4"},
        {"name": "b", "container": "m4a", "audio": {"bitrate_kbps": 128}},
        {"name": "c", "container": "webm", "audio": {"channels": 2}},
        {"name": "d", "container": "opus", "audio": {"channels": 2}},
        {"name": "e", "container": "mov", "audio": {"codec": "pcm", "bit_depth": 24}},
        {"name": "f", "container": "wav", "audio": {"sample_rate_hz": 44_100}},
        {"name": "g", "container": "gif"},
    )
    assert made.audio is not None
    assert [(track.name, track.file_name) for track in made.audio.tracks] == [
        ("aac-128k", "aac-128k.m4a"),
        ("opus-96k-2ch", "opus-96k-2ch.m4a"),
        ("opus-96k-2ch-ogg", "opus-96k-2ch-ogg.opus"),
        ("pcm-16bit-44100hz-wav", "pcm-16bit-44100hz-wav.wav"),
        ("pcm-24bit", "pcm-24bit.mov"),
    ]
    assert [output.audio_track for output in made.outputs] == [
        "aac-128k",
        "opus-96k-2ch",
        "pcm-24bit",
    ]
    assert [(file.name, file.track) for file in made.sound_files] == [
        ("b", "aac-128k"),
        ("d", "opus-96k-2ch-ogg"),
        ("f", "pcm-16bit-44100hz-wav"),
    ]


def test_sound_alone_needs_no_pictures() -> None:
    made = plan(heard(), {"container": "mp3"})
    assert made.video.stream_index is None
    assert made.chunks == ()
    assert made.clock.zero_s == AUDIO.start_s
    assert made.video.total_frames == 1503
    for outputs, fields in (({"container": "mp4"},), {}), (({"container": "mp3"},), SNAPSHOT):
        with pytest.raises(SourceHasNoVideo):
            plan(heard(), *outputs, **fields)


SNAPSHOT: dict[str, Any] = {"snapshots": {"count": 1}}


def test_sound_that_is_not_there_or_not_heard() -> None:
    with pytest.raises(SourceHasNoSound, match=r"The source has no sound, and output x is a file"):
        plan(probe(audio=None), {}, {"name": "x", "container": "m4a"})
    with pytest.raises(SourceHasNoSound, match=r"has sound that cannot be decoded \(ac4\)"):
        plan(probe(audio=None, unheard=("ac4",)), {"name": "x", "container": "m4a"})


def test_sound_is_as_long_as_the_timeline() -> None:
    """The source's sound runs from 0.9 s to 61 s, its pictures from 1 s to 61 s."""

    def length_s(*clips: dict[str, Any]) -> Fraction | None:
        made = plan(probe(), {}, edit={"clips": list(clips)})
        assert made.audio is not None
        return made.audio.duration_s

    assert length_s() == Fraction("60.1")
    assert length_s({"start_s": 1, "end_s": 3}, {"start_s": 9, "end_s": 10, "speed": 2}) == 2.5
    assert length_s({"end_s": 3}, {"start_s": 40, "speed": 2}) == 3 + Fraction("20.1") / 2
    unknown = AUDIO.model_copy(update={"end_s": None})
    made = plan(probe(audio=unknown), {}, edit={"clips": [{"start_s": 40}]})
    assert made.audio is not None
    assert made.audio.duration_s is None
