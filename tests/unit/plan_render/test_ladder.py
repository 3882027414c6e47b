"""A stream's rungs are outputs of the plan, with whole segments in every chunk."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.plan import Plan
from tests.unit.plan_render.test_plan import lengths_s, plan, probe, rates


def stream(*heights: int, **more: Any) -> dict[str, Any]:
    return {"name": "film", "renditions": [{"height": height} for height in heights], **more}


def planned(*streams: dict[str, Any], outputs: Any = (), **more: Any) -> Plan:
    render = {"streams": streams, "outputs": outputs}
    return plan(more.pop("found", probe()), render=render, **more)


@given(
    rate=rates,
    length_s=lengths_s,
    segment_s=st.floats(min_value=2, max_value=10),
    chunk_s=st.one_of(st.none(), st.floats(min_value=1, max_value=300)),
)
def test_chunks_are_whole_segments(
    rate: Fraction, length_s: Fraction, segment_s: float, chunk_s: float | None
) -> None:
    made = planned(
        stream(720, 360, segment_s=segment_s),
        outputs=[{}],
        found=probe(rate=rate, length_s=length_s),
        chunk_s=chunk_s,
    )

    [ladder] = made.streams
    assert made.chunk_frames % ladder.segment_frames == 0
    assert abs(ladder.segment_frames - segment_s * rate) <= 0.5 + 1e-9
    rungs = [output for output in made.outputs if output.segment_frames]
    assert {output.keyint for output in rungs} == {ladder.segment_frames}
    assert all(chunk.start_frame % ladder.segment_frames == 0 for chunk in made.chunks)


def test_rungs_are_outputs_beside_the_files() -> None:
    made = planned(stream(720, 360), outputs=[{"name": "file"}])

    assert [output.name for output in made.outputs] == ["file", "film.720p", "film.360p"]
    assert [output.name for output in made.files] == ["file"]
    assert made.streams[0].rungs == ("film.720p", "film.360p")
    assert made.streams[0].audio_track == "aac-128k"
    assert [output.audio_track for output in made.outputs] == ["aac-128k", None, None]
    assert made.outputs[0].keyint == 150
    assert made.chunk_frames == 360


def test_a_job_without_streams_has_its_chunks_as_before() -> None:
    assert plan(probe()).chunk_frames == 300


def test_rungs_that_would_be_enlarged_are_left_out_and_told() -> None:
    made = planned(stream(2160, 1080, 720))

    assert made.streams[0].rungs == ("film.1080p", "film.720p")
    [note] = made.notes
    assert note == (
        "Stream film: 2160p left out because the picture, which is 1920x1080, would have to be"
        " enlarged."
    )


def test_the_smallest_rung_is_kept_even_if_it_is_enlarged() -> None:
    made = planned(stream(2160, 1440), found=probe(width=320, height=180))

    assert made.streams[0].rungs == ("film.1440p",)
    assert (made.outputs[0].width, made.outputs[0].height) == (2560, 1440)


@pytest.mark.parametrize("size", [(1919, 1079), (1081, 1921)])
def test_an_odd_picture_keeps_the_rung_of_its_own_size(size: tuple[int, int]) -> None:
    made = planned(
        stream(1080 if size[0] > size[1] else 1920), found=probe(width=size[0], height=size[1])
    )

    assert len(made.outputs) == 1
    assert made.notes == ()


def test_padding_does_not_count_as_enlarging() -> None:
    box = {"width": 1920, "height": 1080, "name": "box"}
    made = planned({"name": "film", "renditions": [box]}, found=probe(width=608, height=1080))

    assert made.outputs[0].scaled == (608, 1080)
    assert made.notes == ()


def test_a_source_without_sound_makes_a_stream_without() -> None:
    made = planned(stream(360), found=probe(audio=None))

    assert made.streams[0].audio_track is None
    assert made.audio is None


def test_only_the_sound_that_is_wanted_is_made() -> None:
    made = planned(stream(360, audio={"bitrate_kbps": 96}), outputs=[{"audio": None}])

    assert made.audio is not None
    assert [track.name for track in made.audio.tracks] == ["aac-96k"]
    assert planned(stream(360, audio=None)).audio is None


def test_streams_are_part_of_what_parts_are_made_for() -> None:
    assert planned(stream(360)).hash != planned(stream(360, segment_s=6)).hash
