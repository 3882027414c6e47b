"""Options of every encoder, where a slip would only show in another place."""

from typing import Any, get_args

import pytest

from functions.render_chunk.encoder import coding_options
from functions.shared.plan import Coding, Output
from functions.shared.request.encoding import Codec, Preset
from tests.unit.render_chunk.test_checks import PLAN


def options(threads: int = 3, **coding: Any) -> list[str]:
    output = Output(
        name="a", width=64, height=64, coding=Coding(**coding), keyint=77, audio_track=None
    )
    return coding_options(PLAN.model_copy(update={"threads": threads}), output)


@pytest.mark.parametrize("preset", get_args(Preset))
@pytest.mark.parametrize("codec", get_args(Codec))
def test_threads_are_given_whatever_the_codec(codec: Codec, preset: Preset) -> None:
    made = options(codec=codec, preset=preset)
    assert made[made.index("-threads") + 1] == "3"
    own = {"hevc": "pools=3:frame-threads=1", "av1": "lp=3"}.get(codec, "")
    assert own in " ".join(made)


@pytest.mark.parametrize("codec", [codec for codec in get_args(Codec) if codec != "prores"])
def test_key_frames_are_as_planned(codec: Codec) -> None:
    made = options(codec=codec)
    assert "-g 77" in " ".join(made) or "keyint=77:open-gop=0" in " ".join(made)


@pytest.mark.parametrize(
    ("coding", "rate"),
    [
        ({"crf": 30}, "-crf 30"),
        ({"bitrate_kbps": 500}, "-b:v 500k"),
        ({"bitrate_kbps": 500, "max_bitrate_kbps": 600}, "-b:v 500k -maxrate 600k -bufsize 1200k"),
        (
            {"crf": 30, "max_bitrate_kbps": 600, "buffer_kbits": 700},
            "-crf 30 -maxrate 600k -bufsize 700k",
        ),
    ],
)
@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
def test_the_rate_is_as_planned(codec: Codec, coding: dict[str, Any], rate: str) -> None:
    made = " ".join(options(codec=codec, **coding))
    assert rate in made
    assert ("-b:v 0 " in made) == (codec == "vp9" and "crf" in coding)


def test_hdr_settings_are_for_pq() -> None:
    assert "hdr10-opt=1" in " ".join(options(codec="hevc", is_pq=True))
    assert "hdr10-opt" not in " ".join(options(codec="hevc"))
