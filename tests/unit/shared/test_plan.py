"""The plan: its cuts cover every frame once, its hash names what parts hold."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.plan import Clock, Coding, Output, Plan, Source, Video

OUTPUT = Output(name="video", width=160, height=90, keyint=5, audio_track=None)


def plan(total_frames: int = 100, chunk_frames: int = 30, rate: Fraction = Fraction(30)) -> Plan:
    return Plan(
        job_id="a",
        source=Source(bucket="b", key="k", etag="e", size_bytes=1, container="mpegts"),
        clock=Clock(zero_s=Fraction(1, 3), container_start_s=Fraction(0)),
        video=Video(stream_index=0, rate=rate, total_frames=total_frames),
        audio=None,
        outputs=(OUTPUT,),
        snapshots=None,
        chunk_frames=chunk_frames,
        threads=1,
        max_parallel=10,
    )


@given(st.integers(1, 10**6), st.integers(1, 10**4))
def test_the_cuts_cover_every_frame_once_and_in_order(total: int, size: int) -> None:
    chunks = plan(total, max(size, total // 5000 + 1)).chunks
    assert chunks[0].start_frame == 0
    assert chunks[-1].end_frame == total
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    for before, after in itertools.pairwise(chunks):
        assert before.end_frame == after.start_frame


@given(st.integers(1, 10**5), st.integers(1, 10**4))
def test_no_chunk_is_under_half_the_target_or_one_and_a_half(total: int, size: int) -> None:
    size = max(size, total // 5000 + 1)
    chunks = plan(total, size).chunks
    if len(chunks) > 1:
        assert all(2 * chunk.frames >= size for chunk in chunks)
    assert all(2 * chunk.frames < 3 * size for chunk in chunks)


def test_without_outputs_there_is_nothing_to_cut() -> None:
    assert plan().model_copy(update={"outputs": ()}).chunks == ()


@pytest.mark.parametrize(
    ("rate", "frames"), [(Fraction(30), 15), (Fraction(2), 2), (Fraction(60), 30)]
)
def test_only_the_last_chunk_may_differ_from_its_plan(rate: Fraction, frames: int) -> None:
    made = plan(rate=rate)
    slack = [made.frame_slack(chunk) for chunk in made.chunks]
    assert slack == [*(0 for _ in made.chunks[1:]), frames]


@given(
    st.sampled_from(
        [Fraction(n, d) for n, d in ((24000, 1001), (24, 1), (30000, 1001), (50, 1), (67, 4))]
    )
)
def test_a_frame_is_a_whole_number_of_ticks(rate: Fraction) -> None:
    video = plan(rate=rate).video
    assert Fraction(video.frame_ticks, video.timescale) == 1 / rate


def test_a_plan_survives_its_json() -> None:
    assert Plan.model_validate_json(plan().model_dump_json()) == plan()


def test_the_hash_tells_what_shapes_the_parts_from_what_does_not() -> None:
    one = plan()
    same = one.model_copy(update={"job_id": "b", "max_parallel": 1})
    assert one.hash == same.hash
    for change in (
        {"chunk_frames": 31},
        {"threads": 2},
        {"source": one.source.model_copy(update={"etag": "f"})},
        {"outputs": (OUTPUT.model_copy(update={"coding": Coding(crf=24)}),)},
    ):
        assert one.model_copy(update=change).hash != one.hash
