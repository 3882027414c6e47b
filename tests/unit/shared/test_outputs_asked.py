"""What an output may ask for, and what a preset makes of it."""

from typing import Any, get_args

import pytest

from functions.shared.containers import CODECS
from functions.shared.disposition import content_disposition
from functions.shared.errors import InvalidRequest
from functions.shared.job import Request, as_text, parse_input, parse_request
from functions.shared.request.encoding import DEFAULT_CRF, MOST_CRF, PIXEL_FORMATS, Codec
from functions.shared.request.output import KnownOutput
from functions.shared.request.presets import PRESETS, PresetName


def asked(**output: Any) -> Request:
    return parse_input({"source": "s3://media/clip.mp4", "render": {"outputs": [output]}})


def known(**output: Any) -> KnownOutput:
    render = asked(**output).render
    assert render is not None
    return render.outputs[0].known()


@pytest.mark.parametrize("name", get_args(PresetName))
def test_every_preset_is_an_output_by_itself(name: PresetName) -> None:
    made = known(preset=name)
    assert made.container == PRESETS[name]["container"]
    assert (made.width, made.height) == (PRESETS[name].get("width"), PRESETS[name].get("height"))
    assert made.preset is None


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ({"preset": "web-720p", "width": 640}, {"width": 640, "height": None, "fit": "pad"}),
        ({"preset": "social-square", "fit": "pad"}, {"width": 1080, "height": 1080, "fit": "pad"}),
        ({"preset": "archive", "container": "webm"}, {"container": "webm"}),
        ({"preset": "preview", "audio": None}, {"audio": None, "height": 360}),
    ],
)
def test_a_field_of_ones_own_comes_before_the_presets(
    output: dict[str, Any], wanted: dict[str, Any]
) -> None:
    made = known(**output)
    assert {field: getattr(made, field) for field in wanted} == wanted


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ({"preset": "preview", "video": {"crf": 20}}, ("h264", 20, None, "veryfast")),
        ({"preset": "preview", "video": {"bitrate_kbps": 500}}, ("h264", None, 500, "veryfast")),
        ({"preset": "preview", "video": {"codec": "av1"}}, ("av1", None, None, None)),
        ({"preset": "archive", "container": "webm"}, ("vp9", None, None, None)),
        ({"container": "webm"}, ("vp9", None, None, None)),
        ({"container": "mov"}, ("h264", None, None, None)),
    ],
)
def test_what_says_something_else_of_the_encoding_replaces_the_presets(
    output: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    video = known(**output).video
    assert (video.codec, video.crf, video.bitrate_kbps, video.preset) == wanted


def test_a_request_is_stored_as_it_was_sent() -> None:
    sent = asked(preset="web-720p", video={"crf": 20})
    text = as_text(sent)
    assert '"outputs": [{"preset": "web-720p", "video": {"crf": 20}}]' in text
    assert parse_request(text) == sent
    assert parse_request(text).hash == sent.hash


@pytest.mark.parametrize(("container", "codecs"), CODECS.items())
def test_a_container_holds_its_codecs_and_no_other(container: str, codecs: tuple[str, ...]) -> None:
    for codec in get_args(Codec):
        if codec in codecs:
            assert known(container=container, video={"codec": codec}).video.codec == codec
        else:
            with pytest.raises(InvalidRequest, match=f"{container} holds .*, not {codec}"):
                asked(container=container, video={"codec": codec})


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"video": {"crf": 20, "bitrate_kbps": 900}}, "one of crf, bitrate_kbps, lossless, not"),
        ({"video": {"crf": 52}}, "crf 52 is too high: h264 ends at 51"),
        ({"video": {"codec": "prores"}}, "mp4 holds h264, hevc, vp9, av1 here, not prores"),
        ({"container": "mov", "video": {"codec": "prores", "crf": 3}}, "crf is not for prores"),
        ({"container": "mov", "video": {"codec": "prores", "preset": "fast"}}, "preset is not for"),
        ({"video": {"profile": "hq"}}, "profile is for prores, not for h264"),
        ({"video": {"codec": "av1", "lossless": True}}, "lossless is not for av1"),
        ({"video": {"codec": "av1", "pixel_format": "yuv444p"}}, "is not one av1 has"),
        ({"video": {"buffer_kbits": 900}}, "buffer_kbits needs max_bitrate_kbps"),
        ({"video": {"bitrate_kbps": 900, "max_bitrate_kbps": 800}}, "must not be below"),
        ({"video": {"lossless": True, "max_bitrate_kbps": 800}}, "is not for lossless"),
        ({"video": {"codec": "vp9", "max_bitrate_kbps": 800}}, "of vp9 needs bitrate_kbps"),
        (
            {"video": {"codec": "av1", "bitrate_kbps": 700, "max_bitrate_kbps": 800}},
            "of av1 goes with crf",
        ),
        (
            {
                "container": "mov",
                "video": {"codec": "prores", "profile": "4444", "pixel_format": "yuv422p10"},
            },
            "this profile of prores is yuv444p10",
        ),
        ({"container": "gif", "video": {"crf": 20}}, "video is not for gif"),
        ({"container": "gif", "metadata": {"title": "a"}}, "metadata is not for gif"),
        ({"container": "gif", "quality": 50}, "quality is not for gif"),
        ({"container": "gif", "at_s": 1.0}, "at_s is for stills, not for gif"),
        ({"container": "png", "fps": 5.0}, "fps is for moving pictures"),
        ({"container": "webp", "at_s": 1.0, "loop": 2}, "loop is for moving pictures"),
        ({"fps": 25.0}, "fps is for pictures, not for mp4"),
        ({"filename": "a/b"}, "a file name has no /"),
        ({"filename": ".a"}, "a file name has no dot in front"),
        ({"filename": "a\nb"}, "control characters"),
        ({"metadata": {"title": "a\x00b"}}, "control characters"),
        ({"metadata": {"director": "a"}}, "director"),
        ({"preset": "hdr-2160p", "video": {"codec": "prores"}}, "not prores"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(output: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(**output)
    assert str(refused.value).startswith("render.outputs.0")
    assert said in str(refused.value)


def test_every_codec_has_its_tables() -> None:
    codecs = set(get_args(Codec))
    assert PIXEL_FORMATS.keys() == codecs
    assert DEFAULT_CRF.keys() == MOST_CRF.keys() == codecs - {"prores"}
    assert set().union(*CODECS.values()) == codecs


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("talk", "attachment; filename=\"talk.mp4\"; filename*=UTF-8''talk.mp4"),
        ("Talk.MP4", "attachment; filename=\"Talk.MP4\"; filename*=UTF-8''Talk.MP4"),
        ("a;b é", "attachment; filename=\"a;b _.mp4\"; filename*=UTF-8''a%3Bb%20%C3%A9.mp4"),
    ],
)
def test_the_name_of_a_download(name: str, header: str) -> None:
    assert content_disposition(name, "mp4") == header
