"""Outputs that a chunk's function could not make are refused before anything is rendered."""

import re
from typing import Any

import pytest

from functions.plan_render.memory import chunk_memory_mb
from functions.plan_render.plan import PlanSettings
from functions.shared.errors import InvalidRequest
from functions.shared.plan import Coding, Output, ToneMap
from functions.shared.request.encoding import Preset
from infrastructure.stage import Stage
from tests.unit.plan_render.test_plan import plan, probe

HLG = ToneMap(primaries="bt2020", transfer="arib-std-b67", matrix="bt2020nc", range="tv", peak=10)
LARGE = probe(width=3840, height=2160)


def of(memory_mb: int = Stage().chunk_memory_mb) -> PlanSettings:
    """A stack whose chunk function has so much memory."""
    threads = Stage(chunk_memory_mb=memory_mb).render_threads
    return PlanSettings(threads=threads, max_parallel=1, chunk_memory_mb=memory_mb)


def output(height: int, preset: str = "medium") -> dict[str, Any]:
    return {"name": f"{height}p", "height": height, "video": {"preset": preset}}


@pytest.mark.parametrize(
    "outputs",
    [
        [output(2160)],
        [output(2160, "ultrafast"), output(1080, "veryfast")],
        [output(1080), output(720), output(480), output(360)],
        [output(1080, "veryslow")],
    ],
)
def test_the_default_stack_makes_the_usual_from_a_2160p_source(
    outputs: list[dict[str, Any]],
) -> None:
    assert len(plan(LARGE, of(), render={"outputs": outputs}).outputs) == len(outputs)


@pytest.mark.parametrize(
    ("outputs", "enough_mb"),
    [
        ([output(2160, "slow")], 3008),
        ([output(2160, "veryslow")], 4096),
        ([output(2160), output(1080)], 3008),
        ([output(4320)], 8845),
    ],
)
def test_more_is_refused_until_the_stack_has_the_memory(
    outputs: list[dict[str, Any]], enough_mb: int
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        plan(LARGE, of(), render={"outputs": outputs})

    message = str(refused.value)
    assert all(f"Output {one['name']} is " in message for one in outputs)
    assert "a chunk's function has 1,769" in message
    assert "a larger chunk_memory_mb" in message
    assert message.endswith(".")
    assert plan(LARGE, of(enough_mb), render={"outputs": outputs}).outputs


def test_a_size_that_h264_cannot_have_is_refused() -> None:
    with pytest.raises(
        InvalidRequest, match=re.escape("Output 4320p is 276480x4320 at preset medium")
    ):
        plan(probe(width=1024, height=16), of(10_240), render={"outputs": [output(4320)]})


@pytest.mark.parametrize("size", [(62, 66), (66, 62)])
def test_a_size_whose_bit_rate_av1_cannot_hold_is_refused(size: tuple[int, int]) -> None:
    small = {"width": size[0], "height": size[1]}

    def asked(**video: Any) -> dict[str, Any]:
        return {"outputs": [{**small, "video": {"codec": "av1", **video}}]}

    with pytest.raises(InvalidRequest, match=r"is \d+x\d+ in av1 .* crf in place of bitrate_kbps"):
        plan(LARGE, of(), render=asked(bitrate_kbps=100))
    assert plan(LARGE, of(), render=asked(crf=30)).outputs
    small = {"width": 64, "height": 64}
    assert plan(LARGE, of(), render=asked(bitrate_kbps=100)).outputs


@pytest.mark.parametrize(
    ("width", "height", "pixels"), [(64, 14, "yuv420p"), (62, 64, "yuv420p10")]
)
def test_a_size_that_hevc_cannot_have_is_refused(width: int, height: int, pixels: str) -> None:
    def asked(video: dict[str, Any]) -> dict[str, Any]:
        return {"outputs": [{"width": width, "video": video}]}

    source = probe(width=10 * width, height=10 * height)
    with pytest.raises(InvalidRequest, match=rf"is {width}x{height} in hevc .* from 64x16 pix"):
        plan(source, of(), render=asked({"codec": "hevc", "pixel_format": pixels}))
    assert plan(source, of(), render=asked({"pixel_format": pixels})).outputs


def test_pictures_alone_need_no_encoder() -> None:
    assert plan(probe(width=8192, height=4320), of(256), snapshots={"count": 1}).outputs == ()


@pytest.mark.parametrize(
    ("preset", "height", "threads", "measured_mb"),
    [
        ("ultrafast", 360, 1, 44),
        ("ultrafast", 1080, 1, 83),
        ("ultrafast", 2160, 1, 191),
        ("ultrafast", 1080, 2, 97),
        ("ultrafast", 1080, 6, 153),
        ("veryfast", 1080, 1, 202),
        ("medium", 360, 1, 90),
        ("medium", 1080, 1, 404),
        ("medium", 1080, 2, 452),
        ("medium", 1080, 3, 482),
        ("medium", 1080, 6, 543),
        ("medium", 2160, 1, 1377),
        ("slow", 1080, 1, 480),
        ("slow", 2160, 1, 1663),
        ("veryslow", 1080, 1, 772),
        ("veryslow", 1080, 2, 875),
        ("veryslow", 2160, 1, 2881),
    ],
)
def test_the_estimate_is_never_under_what_was_measured_with_the_function_around_it(
    preset: Preset, height: int, threads: int, measured_mb: int
) -> None:
    made = Output(
        name="a",
        width=height * 16 // 9,
        height=height,
        coding=Coding(preset=preset),
        keyint=150,
        audio_track=None,
    )
    estimated_mb = chunk_memory_mb([made], source_pixels=320 * 180, threads=threads)
    assert measured_mb + 60 <= estimated_mb <= 1.3 * measured_mb + 120


@pytest.mark.parametrize(
    ("height", "threads", "coding", "measured_mb"),
    [
        (1080, 1, Coding(codec="hevc", preset="ultrafast"), 281),
        (1080, 1, Coding(codec="hevc", preset="veryfast"), 383),
        (1080, 1, Coding(codec="hevc"), 432),
        (1080, 2, Coding(codec="hevc"), 444),
        (1080, 1, Coding(codec="hevc", preset="slow"), 474),
        (1080, 1, Coding(codec="hevc", preset="veryslow"), 730),
        (1080, 1, Coding(codec="hevc", pixel_format="yuv444p"), 622),
        (2160, 1, Coding(codec="hevc"), 1432),
        (2160, 1, Coding(codec="hevc", pixel_format="yuv420p10le"), 2310),
        (1080, 1, Coding(codec="vp9"), 321),
        (1080, 2, Coding(codec="vp9"), 328),
        (1080, 1, Coding(codec="vp9", pixel_format="yuv420p10le"), 490),
        (2160, 1, Coding(codec="vp9"), 1038),
        (1080, 1, Coding(codec="av1", preset="ultrafast"), 336),
        (1080, 1, Coding(codec="av1"), 564),
        (1080, 2, Coding(codec="av1"), 766),
        (2160, 1, Coding(codec="av1"), 1880),
        (2160, 1, Coding(codec="av1", pixel_format="yuv420p10le"), 2445),
        (2160, 1, Coding(codec="prores", pixel_format="yuv422p10le"), 168),
        (2160, 1, Coding(codec="prores", pixel_format="yuva444p10le"), 430),
        (1080, 1, Coding(pixel_format="yuv420p10le"), 700),
        (1080, 1, Coding(pixel_format="yuv444p"), 657),
        (2160, 1, Coding(preset="ultrafast", tone_map=HLG), 506),
        (2160, 1, Coding(preset="ultrafast", flattened=True), 257),
    ],
    ids=str,
)
def test_the_estimate_of_each_codec_is_never_under_what_was_measured(
    height: int, threads: int, coding: Coding, measured_mb: int
) -> None:
    made = Output(
        name="a",
        width=height * 16 // 9,
        height=height,
        coding=coding,
        keyint=150,
        audio_track=None,
    )
    estimated_mb = chunk_memory_mb([made], source_pixels=320 * 180, threads=threads)
    assert measured_mb + 60 <= estimated_mb <= 1.3 * measured_mb + 120


PANORAMA = probe(width=6400, height=2160)


def still(container: str, height: int) -> dict[str, Any]:
    return {"name": "large", "container": container, "height": height, "at_s": 0}


@pytest.mark.parametrize("container", ["avif", "png", "jpeg", "webp"])
def test_the_default_stack_makes_a_still_of_8k(container: str) -> None:
    outputs = [still(container, 4320)]
    assert len(plan(LARGE, of(), render={"outputs": outputs}).whole_pictures) == 1


def test_a_still_that_its_function_could_not_hold_is_refused() -> None:
    outputs = [still("avif", 4320)]
    with pytest.raises(InvalidRequest) as refused:
        plan(PANORAMA, of(1024), render={"outputs": outputs})

    assert str(refused.value) == (
        "Output large is 12800x4320 in avif: making it needs about 1,330 MB of memory and its"
        " function has 1,024; ask for a smaller picture, or deploy with a larger chunk_memory_mb"
        " (10,240 at most)."
    )
    assert len(plan(PANORAMA, of(), render={"outputs": outputs}).whole_pictures) == 1


def test_a_webp_has_14_bits_for_a_side() -> None:
    wide = probe(width=16_000, height=1000)
    with pytest.raises(InvalidRequest, match="a webp has 16,383 pixels a side at most here"):
        plan(wide, of(), render={"outputs": [still("webp", 1080)]})


def test_more_clips_in_a_chunk_than_it_could_read_at_once_are_refused() -> None:
    """Each reads the source by itself."""
    edit = {"clips": [{"start_s": number / 10, "end_s": (number + 1) / 10} for number in range(60)]}
    wanted = {"edit": edit, "render": {"outputs": [output(720)]}}
    with pytest.raises(InvalidRequest) as refused:
        plan(LARGE, of(), chunk_s=10, **wanted)

    assert str(refused.value).startswith("edit.clips: 60 of them are in one chunk, and to read")
    assert len(plan(LARGE, of(), chunk_s=1, **wanted).clips) == 60
    assert len(plan(LARGE, of(8845), chunk_s=10, **wanted).clips) == 60
