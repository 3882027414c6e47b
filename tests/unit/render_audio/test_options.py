"""The command line of the sound: clocks, seeks, lengths, and encoders that mind their own."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.render_audio.filters import clip_samples, tempos
from functions.render_audio.render import Sources, audio_options
from functions.shared.ffmpeg import Input
from functions.shared.plan import Audio, Clip, Clock, Plan, SoundTrack, Source, Video

AAC = SoundTrack(
    name="aac-128k",
    container="mp4",
    codec="aac",
    bitrate_kbps=128,
    sample_rate_hz=None,
    channels=None,
    bit_depth=None,
)
MP3 = AAC.model_copy(update={"name": "mp3", "codec": "mp3", "container": "mp3"})
FLAC = AAC.model_copy(
    update={"name": "flac", "codec": "flac", "bitrate_kbps": None, "bit_depth": 24, "channels": 2}
)


def plan(*tracks: SoundTrack, clips: tuple[Clip, ...] = (), **fields: Any) -> Plan:
    source = Source(bucket="b", key="k", etag="e", size_bytes=1, container="mov,mp4")
    whole: dict[str, Any] = {
        "job_id": "job",
        "source": source,
        "clock": Clock(zero_s=Fraction(3, 7), container_start_s=Fraction(1, 4)),
        "video": Video(stream_index=0, rate=Fraction(30_000, 1001), total_frames=900),
        "clips": clips,
        "audio": Audio(stream_index=1, sample_rate_hz=48_000, tracks=tracks, duration_s=None),
        "outputs": (),
        "snapshots": None,
        "chunk_frames": 300,
        "threads": 2,
        "max_parallel": 9,
    }
    return Plan(**{**whole, **fields})


def clip(first: int, frames: int, start_s: str, *, speed: str = "1", last: bool = False) -> Clip:
    return Clip(
        first_frame=first,
        frames=frames,
        start_s=Fraction(start_s),
        speed=Fraction(speed),
        open_ended=last,
    )


def options(made: Plan) -> list[str]:
    assert made.audio is not None
    files = {track.name: Path(track.file_name) for track in made.audio.tracks}
    sources = Sources(Input("https://x/y", "x"))
    return audio_options(made, made.audio, sources, files)


def graph(made: Plan) -> str:
    all_options = options(made)
    return all_options[all_options.index("-filter_complex") + 1]


def test_the_whole_source_is_read_once_and_nothing_else_is_done_to_it() -> None:
    made = plan(AAC, AAC.model_copy(update={"name": "aac-64k", "bitrate_kbps": 64}))
    assert options(made)[3:6] == ["-copyts", "-threads", "2"]
    assert options(made).count("-i") == 1
    assert graph(made) == (
        "[0:1]asetpts=PTS-round(3/7/TB),aresample=async=1:first_pts=0:min_hard_comp=0.02,"
        "asplit=2[a0][a1]"
    )


def test_an_encoders_limits_stay_its_own() -> None:
    """What is settled before the split would hold for all."""
    assert graph(plan(AAC, MP3, FLAC)).endswith(
        "[a0]aresample[o0];"
        "[a1]aresample,aformat=sample_rates=16000|22050|24000|32000|44100|48000[o1];"
        "[a2]aresample,aformat=sample_fmts=s32:channel_layouts=stereo[o2]"
    )


def test_each_clip_is_an_input_a_second_before_its_start() -> None:
    clips = (clip(0, 30, "0.5"), clip(30, 30, "10"), clip(60, 9, "4", last=True))
    made = plan(AAC, clips=clips)
    seeks = [at for at, option in enumerate(options(made)) if option == "-ss"]
    assert options(made).count("-i") == 3
    assert [float(options(made)[at + 1]) for at in seeks] == [9.178571, 3.178571]
    text = graph(made)
    assert text.count("apad=whole_len=1024") == 1
    assert text.count("apad") - 1 == text.count("end_sample") == 2
    assert "asetpts=PTS-round(73/7/TB)" in text


def test_bare_frames_are_read_from_the_start_and_mpeg_from_further_back() -> None:
    clips = (clip(0, 30, "100"),)
    for container, seek in (("mp3", None), ("mpegts", 89.178571), ("wav", 99.178571)):
        source = Source(bucket="b", key="k", etag="e", size_bytes=1, container=container)
        told = options(plan(AAC, clips=clips, source=source))
        assert (float(told[told.index("-ss") + 1]) if "-ss" in told else None) == seek


@given(
    lengths=st.lists(st.integers(1, 500), min_size=1, max_size=30),
    rate=st.sampled_from([Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(25)]),
    hz=st.sampled_from([44_100, 48_000, 22_050]),
)
def test_clips_together_are_as_long_as_their_pictures(
    lengths: list[int], rate: Fraction, hz: int
) -> None:
    clips, first = [], 0
    for frames in lengths:
        clips.append(clip(first, frames, "1"))
        first += frames
    video = Video(stream_index=0, rate=rate, total_frames=first)
    made = plan(AAC, clips=tuple(clips), video=video)
    audio = Audio(stream_index=1, sample_rate_hz=hz, tracks=(AAC,), duration_s=None)
    total = sum(clip_samples(made, audio, each) for each in clips)
    assert total == round(first / rate * hz)


@given(st.floats(min_value=0.1, max_value=10))
def test_speeds_are_chains_of_what_one_filter_does_well(speed: float) -> None:
    wanted = Fraction(repr(speed))
    assert math.prod(tempos(wanted)) == wanted
    assert all(Fraction(1, 2) <= tempo <= 2 for tempo in tempos(wanted))
