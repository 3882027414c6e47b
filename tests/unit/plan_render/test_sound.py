"""The sound in the plan: what is made once, how long it is, and files of it alone."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from functions.plan_render.assets.bring_in import NOTHING, Brought
from functions.plan_render.plan import PlanSettings, plan_render
from functions.plan_render.source.facts import AudioFacts, Probe
from functions.shared.errors import InvalidRequest, SourceHasNoSound, SourceHasNoVideo
from functions.shared.job import parse_input
from functions.shared.plan import Asset, Audio, Loudness, Plan, Source
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
        {"name": "g", "container": "png"},
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
    unknown = replace(AUDIO, end_s=None)
    made = plan(probe(audio=unknown), {}, edit={"clips": [{"start_s": 40}]})
    assert made.audio is not None
    assert made.audio.duration_s is None


def other(field: str, *, length_s: int = 10, channels: int = 2) -> Brought:
    """A sound that the request names, from 5 s on its own timestamps."""
    asset = Asset(kind="sound", field=field, bucket="b", key="k", etag="e", size_bytes=1)
    facts = replace(
        AUDIO,
        stream_index=4,
        sample_rate=44_100,
        channels=channels,
        start_s=Fraction(5),
        end_s=Fraction(5 + length_s),
    )
    return Brought(assets={field: asset}, sounds={field: heard(facts)})


def changed(found: Probe, brought: Brought = NOTHING, **sound: Any) -> Audio | None:
    request = {
        "source": "s3://bucket/key",
        "render": {"outputs": [{}]},
        "edit": {"sound": sound, "clips": [{"start_s": 1, "end_s": 31}]},
    }
    return plan_render("job", parse_input(request), SOURCE, found, SETTINGS, brought).audio


def test_sound_that_is_not_edited_is_left_alone() -> None:
    made = changed(probe())
    assert made is not None
    assert made.change is None


def test_times_of_the_sounds_edit_are_the_timelines() -> None:
    made = changed(probe(), fade_in_s=2, fade_out_s=40, loudness_lufs=-16, offset_s=-2.5)
    assert made is not None
    assert made.change is not None
    assert made.change.fade_in_s == 2
    assert made.change.fade_out_from_s == 0
    assert made.change.loudness == Loudness(lufs=-16, true_peak_db=-1)
    assert made.duration_s == 27.5


def test_a_replacement_is_heard_instead_from_its_own_start() -> None:
    for found in (probe(), probe(audio=None)):
        made = changed(found, other("edit.sound.replace"), replace="s3://bucket/x")
        assert made is not None
        assert made.replaced is not None
        assert made.stream_index is None
        assert made.replaced.stream_index == 4
        assert made.replaced.start_s == 5
        assert made.sample_rate_hz == 44_100
        assert made.duration_s == 10
    longer = changed(
        probe(), other("edit.sound.replace", length_s=90), replace="s3://bucket/x", offset_s=1
    )
    assert longer is not None
    assert longer.duration_s == 30


def test_what_is_mixed_in_makes_the_sound_as_long_as_the_timeline() -> None:
    mix = {"source": "s3://bucket/x", "from_s": 1.5}
    for found, stream, hz in ((probe(), 1, 48_000), (probe(audio=None), None, 44_100)):
        made = changed(found, other("edit.sound.mix.source"), mix=mix)
        assert made is not None
        assert made.change is not None
        assert made.change.mix is not None
        assert (made.stream_index, made.sample_rate_hz) == (stream, hz)
        assert made.duration_s == 30
        assert made.change.mix.from_s == Fraction(3, 2)
        assert made.change.mix.layout == "stereo"
        assert made.others == (made.change.mix.sound,)
    surround = probe(audio=replace(AUDIO, channels=6))
    made = changed(surround, other("edit.sound.mix.source"), mix=mix)
    assert made is not None
    assert made.change is not None
    assert made.change.mix is not None
    assert made.change.mix.layout == "5.1"


def test_a_true_peak_goes_with_a_loudness() -> None:
    with pytest.raises(InvalidRequest, match="true_peak_db goes with loudness_lufs"):
        changed(probe(), true_peak_db=-2)


def test_sound_that_the_disk_cannot_hold_is_refused_by_name() -> None:
    """Six hours of stereo at 48 kHz are 4.1 GB of PCM, and 0.35 GB at 128 kb/s."""
    long = probe(length_s=Fraction(6 * 3600), audio=replace(AUDIO, end_s=Fraction(21_601)))
    small = SETTINGS.model_copy(update={"audio_storage_mb": 4096})

    def settled(settings: PlanSettings, *containers: str) -> Plan:
        outputs = [{"name": container, "container": container} for container in containers]
        request = {"source": "s3://bucket/key", "render": {"outputs": outputs}}
        return plan_render("job", parse_input(request), SOURCE, long, settings)

    assert settled(small, "mp4", "mp3", "opus").audio is not None
    assert settled(small, "wav").audio is not None
    with pytest.raises(InvalidRequest, match=r"360 minutes of sound .*-wav need about 8,\d\d\d MB"):
        settled(small, "flac", "wav")
    assert settled(SETTINGS, "flac", "wav").audio is not None
    surround = {"container": "wav", "audio": {"channels": 6}}
    with pytest.raises(InvalidRequest, match=r"wav may have 12,441,\d\d\d,\d\d\d bytes; 5,000,"):
        plan(long, surround)
