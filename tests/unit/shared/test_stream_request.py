"""What may be asked of a stream, and what is said where it may not."""

import json

import pytest
from pydantic import ValidationError

from functions.shared.request.output import RenderRequest
from functions.shared.request.stream import StreamRequest


def refused(**render: object) -> str:
    with pytest.raises(ValidationError) as caught:
        RenderRequest.model_validate_json(json.dumps(render))
    return str(caught.value)


def test_a_stream_needs_nothing_said() -> None:
    stream = StreamRequest()

    assert [rung.rung for rung in stream.ladder] == ["1080p", "720p", "480p", "240p"]
    assert (stream.name, stream.formats, stream.segment_s) == ("stream", ("hls", "dash"), 4)


@pytest.mark.parametrize(
    ("render", "says"),
    [
        ({}, "ask for outputs, streams or both"),
        ({"streams": [{"segment_s": 1}]}, "greater than or equal to 2"),
        ({"streams": [{"formats": ["hls", "hls"]}]}, "formats names one twice"),
        ({"streams": [{"renditions": [{}]}]}, "a height, a width or both"),
        (
            {"streams": [{"renditions": [{"height": 90}, {"width": 160, "height": 90}]}]},
            "two renditions are named '90p'",
        ),
        (
            {"streams": [{"renditions": [{"height": 90, "name": "audio"}]}]},
            "the rendition name 'audio' is reserved",
        ),
        (
            {"streams": [{"renditions": [{"height": 90, "video": {"codec": "prores"}}]}]},
            "a rendition is h264, hevc, av1, not prores",
        ),
        (
            {"streams": [{"renditions": [{"height": 90, "video": {"gop_s": 2}}]}]},
            "segment_s says where key frames are",
        ),
        (
            {"streams": [{"renditions": [{"height": 90, "video": {"crf": 60}}]}]},
            "crf 60 is too high",
        ),
        ({"streams": [{"audio": {"codec": "opus"}}]}, "a stream's sound is aac, not opus"),
        ({"streams": [{"name": "snapshots"}]}, "the output name 'snapshots' is reserved"),
        ({"streams": [{}, {}]}, "two outputs or streams are named 'stream'"),
        (
            {"outputs": [{"name": "a"}], "streams": [{"name": "a"}]},
            "two outputs or streams are named 'a'",
        ),
        (
            {"streams": [{"segment_s": 4}, {"name": "b", "segment_s": 6}]},
            "one segment_s, as its chunks are whole segments; these have 4 and 6",
        ),
    ],
)
def test_what_can_not_be_is_refused(render: dict[str, object], says: str) -> None:
    assert says in refused(**render)
