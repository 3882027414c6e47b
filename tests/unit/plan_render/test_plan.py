"""The planner covers every frame once, in order, and keeps its promises about chunk lengths."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.plan_render.plan import PlanSettings, plan_render
from functions.plan_render.source.facts import AudioFacts, Probe, VideoFacts
from functions.shared.errors import InvalidRequest, SnapshotOutsideSource
from functions.shared.job import parse_input
from functions.shared.plan import Plan, Source

SETTINGS = PlanSettings(threads=2, max_parallel=50, chunk_memory_mb=10_240)
SOURCE = Source(bucket="b", key="k", etag='"e"', size_bytes=9, container="mpegts")
AUDIO = AudioFacts(
    stream_index=1,
    codec="aac",
    channels=2,
    sample_rate=48000,
    start_s=Fraction("0.9"),
    end_s=Fraction(61),
)
rates = st.one_of(
    st.sampled_from([Fraction(n, 1001) for n in (24_000, 30_000, 60_000)]),
    st.fractions(min_value=1, max_value=120, max_denominator=100),
)
lengths_s = st.fractions(min_value=Fraction(1, 50), max_value=9000, max_denominator=1000)
chunks_s = st.one_of(st.none(), st.floats(min_value=1, max_value=300))
presets = st.sampled_from(["ultrafast", "veryfast", "medium", "veryslow"])


def probe(
    *,
    rate: Fraction = Fraction(30),
    length_s: Fraction = Fraction(60),
    width: int = 1920,
    height: int = 1080,
    start_s: Fraction = Fraction(1),
    audio: AudioFacts | None = AUDIO,
    unheard: tuple[str, ...] = (),
) -> Probe:
    video = VideoFacts(
        stream_index=0,
        codec="h264",
        width=width,
        height=height,
        coded_pixels=width * height,
        rate=rate,
        colours_valid=True,
        start_s=start_s,
        end_s=start_s + length_s,
    )
    return Probe(
        container="mpegts",
        container_start_s=Fraction("0.5"),
        video=video,
        audio=audio,
        unheard=unheard,
    )


def plan(found: Probe, settings: PlanSettings = SETTINGS, **fields: Any) -> Plan:
    asked = {"render": {"outputs": [{}]}} if "snapshots" not in fields else {}
    request = parse_input({"source": "s3://bucket/key", **asked, **fields})
    return plan_render("job", request, SOURCE, found, settings)


@given(rate=rates, length_s=lengths_s, chunk_s=chunks_s, preset=presets)
def test_every_frame_is_in_exactly_one_chunk_in_order(
    rate: Fraction, length_s: Fraction, chunk_s: float | None, preset: str
) -> None:
    outputs = [{"height": 360, "video": {"preset": preset}}]
    made = plan(
        probe(rate=rate, length_s=length_s, audio=None),
        render={"outputs": outputs},
        chunk_s=chunk_s,
    )

    chunks = made.chunks
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert chunks[0].start_frame == 0
    assert chunks[-1].end_frame == made.video.total_frames
    for before, after in pairwise(chunks):
        assert before.end_frame == after.start_frame
        assert before.frames == made.chunk_frames
    assert abs(made.video.total_frames - length_s * rate) <= max(
        Fraction(1, 2), 1 - length_s * rate
    )
    if len(chunks) > 1:
        assert all(2 * chunk.frames >= made.chunk_frames for chunk in chunks)


@given(rate=rates, length_s=lengths_s, chunk_s=chunks_s)
def test_chunks_are_whole_gops_of_at_most_five_seconds(
    rate: Fraction, length_s: Fraction, chunk_s: float | None
) -> None:
    made = plan(probe(rate=rate, length_s=length_s), chunk_s=chunk_s)
    [output] = made.outputs
    assert made.chunk_frames % output.keyint == 0
    assert output.keyint <= 5 * rate + 1
    target_s = made.chunk_frames / rate
    if chunk_s is None:
        assert target_s >= 5 - 1 / rate
    else:
        assert abs(target_s - Fraction(chunk_s)) <= max(Fraction(5, 2), 1 / rate) + 1 / rate


@pytest.mark.parametrize(
    ("fields", "found", "chunk_s"),
    [
        ({}, probe(), 10),
        ({}, probe(length_s=Fraction(1201)), 20),
        ({"preset": "veryfast"}, probe(length_s=Fraction(301)), 20),
        ({"preset": "veryfast"}, probe(length_s=Fraction(299)), 10),
        ({}, probe(length_s=Fraction(301)), 10),
        ({}, probe(rate=Fraction(60), width=3840, height=2160), 5),
        ({}, probe(rate=Fraction(60), width=3840, height=2160, length_s=Fraction(7200)), 5),
    ],
)
def test_chunk_length_policy(fields: dict[str, Any], found: Probe, chunk_s: int) -> None:
    made = plan(found, render={"outputs": [{"video": fields}]})
    assert made.chunk_frames / made.video.rate == chunk_s


@pytest.mark.parametrize(
    ("asked_s", "chunk_s"), [(1, 1), (4.5, 4.5), (6, 5), (12.4, 10), (12.6, 15), (300, 300)]
)
def test_asked_chunk_length_is_kept_in_whole_gops(asked_s: float, chunk_s: float) -> None:
    made = plan(probe(length_s=Fraction(900)), chunk_s=asked_s)
    assert made.chunk_frames == chunk_s * 30


def test_clock_begins_with_the_first_stream_used() -> None:
    with_sound = plan(probe())
    assert with_sound.clock.zero_s == Fraction("0.9")
    assert with_sound.clock.container_start_s == Fraction("0.5")
    assert with_sound.video.total_frames == round((61 - Fraction("0.9")) * 30)
    assert with_sound.audio is not None
    assert with_sound.audio.duration_s == 61 - Fraction("0.9")

    mute = plan(probe(), render={"outputs": [{"audio": None}]})
    assert mute.audio is None
    assert mute.clock.zero_s == 1
    assert mute.video.total_frames == 1800

    assert plan(probe(), snapshots={"count": 1}).clock.zero_s == 1


def test_source_without_sound_makes_outputs_without_sound() -> None:
    made = plan(probe(audio=None))
    assert made.audio is None
    assert made.outputs[0].audio_track is None
    assert made.notes == ()


def test_sound_that_was_asked_for_and_cannot_be_decoded_is_noted() -> None:
    found = probe(audio=None, unheard=("ac4",))
    assert plan(found).notes == (
        "The source's sound cannot be decoded (ac4): the outputs have none.",
    )
    assert plan(found, render={"outputs": [{"audio": None}]}).notes == ()
    assert plan(found, snapshots={"count": 1}).notes == ()
    assert plan(found).hash == plan(probe(audio=None)).hash


def test_bitrates_are_made_once_each() -> None:
    outputs = [
        {"name": "a", "audio": {"bitrate_kbps": 192}},
        {"name": "b"},
        {"name": "c", "audio": {"bitrate_kbps": 192}},
        {"name": "d", "audio": None},
    ]
    made = plan(probe(), render={"outputs": outputs})
    assert made.audio is not None
    assert [track.bitrate_kbps for track in made.audio.tracks] == [128, 192]
    named = [output.audio_track for output in made.outputs]
    assert named == ["aac-192k", "aac-128k", "aac-192k", None]


@given(
    width=st.integers(100, 4096),
    height=st.integers(100, 4096),
    asked=st.one_of(st.none(), st.integers(8, 200).map(lambda half: 2 * half)),
)
def test_output_sizes_are_even_and_keep_the_shape(
    width: int, height: int, asked: int | None
) -> None:
    [output] = plan(
        probe(width=width, height=height), render={"outputs": [{"height": asked}]}
    ).outputs
    assert output.width % 2 == output.height % 2 == 0
    assert output.height >= 2
    assert asked is None or output.height == asked
    assert abs(output.width - Fraction(output.height * width, height)) <= 2


def test_max_parallel_is_capped_by_the_stack() -> None:
    assert plan(probe(), max_parallel=9999).max_parallel == 50
    assert plan(probe(), max_parallel=3).max_parallel == 3
    assert plan(probe()).max_parallel == 50


def test_same_job_has_the_same_plan_hash_whatever_its_name_or_width() -> None:
    assert plan(probe(), max_parallel=3).hash == plan(probe()).hash
    assert plan(probe(), chunk_s=5.0).hash != plan(probe()).hash


@given(count=st.integers(1, 1000), length_s=lengths_s, rate=rates)
def test_counted_snapshots_are_at_centres_of_equal_parts(
    count: int, length_s: Fraction, rate: Fraction
) -> None:
    made = plan(probe(rate=rate, length_s=length_s), snapshots={"count": count})
    assert made.snapshots is not None
    frames = made.snapshots.frames
    total = made.video.total_frames
    assert list(frames) == sorted(set(frames))
    assert frames[0] >= 0
    assert frames[-1] < total
    if count <= total:
        assert len(frames) == count
        centres = [Fraction(total, count) * (i + Fraction(1, 2)) for i in range(count)]
        assert all(0 <= c - frame < 1 for c, frame in zip(centres, frames, strict=True))


def test_snapshots_every_so_often_begin_at_zero() -> None:
    made = plan(probe(length_s=Fraction(10)), snapshots={"every_s": 2.5})
    assert made.snapshots is not None
    assert made.snapshots.frames == (0, 75, 150, 225)


def test_too_many_snapshots_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="1500 pictures; 1000 are allowed"):
        plan(probe(), snapshots={"every_s": 0.04})


def test_snapshot_times_show_the_frame_shown_then() -> None:
    made = plan(probe(), snapshots={"at_s": [59.99, 0, 0.05, 0.0333]})
    assert made.snapshots is not None
    assert made.snapshots.frames == (1799, 0, 1)


def test_snapshot_outside_the_source_is_refused() -> None:
    with pytest.raises(
        SnapshotOutsideSource, match=r"60\.5 s is outside the timeline, which is 60\.000"
    ):
        plan(probe(), snapshots={"at_s": [1, 60.5]})


def test_snapshots_are_never_wider_than_the_source() -> None:
    made = plan(
        probe(width=640, height=360), snapshots={"count": 1, "widths": [320, 640, 1280, 1920]}
    )
    assert made.snapshots is not None
    assert made.snapshots.sizes == ((320, 180), (640, 360))


def test_batches_hold_every_picture_once() -> None:
    made = plan(probe(), snapshots={"count": 21})
    assert made.snapshots is not None
    batches = [list(made.snapshots.batch(n)) for n in range(made.snapshots.batch_count)]
    assert [len(batch) for batch in batches] == [8, 8, 5]
    assert [frame for batch in batches for _, frame in batch] == list(made.snapshots.frames)
