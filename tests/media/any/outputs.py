"""Files and streams, drawn by chance: small, and quick to encode."""

from typing import Any

from hypothesis import strategies as st

from functions.shared.containers import CODECS, STILLS
from functions.shared.request.encoding import MOST_CRF, PIXEL_FORMATS, PRESETS
from functions.shared.request.presets import PRESETS as FILLED
from functions.shared.request.sound import CODECS as SOUND_CODECS
from functions.shared.request.sound import LOSSLESS, SOUND_FILES
from tests.media.any.drawing import Drawn, maybe, percent, seconds

SIZES = st.integers(8, 120).map(lambda half: 2 * half)


@st.composite
def _audio(draw: st.DrawFn, codecs: tuple[str, ...]) -> dict[str, Any]:
    codec = draw(st.sampled_from(codecs))
    named = {"codec": codec} if codec != codecs[0] or draw(st.booleans()) else {}
    fields: dict[str, st.SearchStrategy[Any]] = {
        "sample_rate_hz": st.sampled_from((16000, 24000, 48000)),
        "channels": st.sampled_from((1, 2) if codec == "mp3" else (1, 2, 6)),
    }
    if codec in LOSSLESS:
        fields["bit_depth"] = st.sampled_from((16, 24))
    else:
        fields["bitrate_kbps"] = st.sampled_from((32, 64, 128, 256))
    return named | draw(maybe(**fields))


@st.composite
def _video(
    draw: st.DrawFn, codecs: tuple[str, ...], *, in_segments: bool = False
) -> dict[str, Any]:
    codec = draw(st.sampled_from(codecs))
    named = {"codec": codec} if codec != codecs[0] or draw(st.booleans()) else {}
    range_ = draw(maybe(dynamic_range=st.sampled_from(("auto", "sdr"))))
    if codec == "prores":
        profile = st.sampled_from(("proxy", "lt", "standard", "hq", "4444"))
        return named | range_ | draw(maybe(profile=profile))
    formats = st.sampled_from(("auto", *PIXEL_FORMATS[codec]))
    fields: dict[str, st.SearchStrategy[Any]] = {"pixel_format": formats}
    if not in_segments:
        fields["gop_s"] = seconds(10, 0.5)
    ways: list[Drawn] = [
        maybe(crf=st.integers(0, MOST_CRF[codec])),
        st.fixed_dictionaries({"bitrate_kbps": st.sampled_from((16, 80, 900))}),
    ]
    if codec in {"h264", "hevc"}:
        buffer = maybe(max_bitrate_kbps=st.just(400), buffer_kbits=st.just(300))
        ways.append(buffer.filter(lambda way: "max_bitrate_kbps" in way or not way))
    if codec != "av1":
        # So that chunks can be held against one piece; more often than not.
        lossless = st.just({"lossless": True})
        ways += [lossless] * (4 if codec == "h264" else 1)
    quick = st.sampled_from(PRESETS[:3]) if draw(st.integers(0, 5)) else st.sampled_from(PRESETS)
    return named | range_ | draw(maybe(**fields)) | draw(st.one_of(ways)) | {"preset": draw(quick)}


_SIZE = maybe(width=SIZES, height=SIZES, fit=st.sampled_from(("pad", "fill", "stretch", "inside")))
_TAGS = maybe(
    metadata=st.just({"title": "Ü; =#\\ 'q'", "date": "2026-11-21", "genre": "x"}),
    filename=st.just("Überfahrt 1 ; x"),
)


@st.composite
def _film(draw: st.DrawFn) -> dict[str, Any]:
    container = draw(st.sampled_from(tuple(CODECS)))
    audio = draw(st.none() | _audio(SOUND_CODECS[container]))
    video = draw(_video(CODECS[container]))
    return {"container": container, "video": video, "audio": audio} | draw(_SIZE) | draw(_TAGS)


@st.composite
def _by_preset(draw: st.DrawFn) -> dict[str, Any]:
    """Of a preset all but its size and its slow coding."""
    name = draw(st.sampled_from(tuple(FILLED)))
    size = {"width": draw(SIZES)} | draw(maybe(height=SIZES))
    quick = {} if FILLED[name].get("container") in {"gif", "mov"} else {"preset": "ultrafast"}
    return {"preset": name, **size} | ({"video": quick} if quick else {})


_MOVING = st.sampled_from(("gif", "webp")).flatmap(
    lambda container: st.builds(
        lambda size, more: {"container": container, **size, **more},
        _SIZE,
        maybe(
            fps=percent(1, 50),
            loop=st.sampled_from((0, 1, 2, 1000)),
            **({"quality": st.integers(1, 100)} if container == "webp" else {}),
        ),
    )
)
_STILL = st.sampled_from((*STILLS, "webp")).flatmap(
    lambda container: st.builds(
        lambda size, at_s, more: {"container": container, "at_s": at_s, **size, **more},
        _SIZE,
        seconds(),
        maybe(**({} if container == "png" else {"quality": st.integers(1, 100)})),
    )
)
_HEARD = st.sampled_from(SOUND_FILES).flatmap(
    lambda container: st.builds(
        lambda audio, tags: {"container": container, "audio": audio, **tags},
        _audio(SOUND_CODECS[container]),
        _TAGS,
    )
)
_OUTPUTS = st.lists(
    st.one_of(_film(), _film(), _film(), _by_preset(), _MOVING, _STILL, _HEARD),
    min_size=1,
    max_size=4,
).map(lambda outputs: [{"name": f"o{i}", **output} for i, output in enumerate(outputs)])


@st.composite
def _stream(draw: st.DrawFn) -> dict[str, Any]:
    rungs = [
        {
            "name": f"r{i}",
            "width": draw(SIZES),
            "video": draw(_video(("h264", "hevc", "av1"), in_segments=True)),
        }
        | draw(maybe(height=SIZES, fit=st.sampled_from(("pad", "fill", "stretch", "inside"))))
        for i in range(draw(st.integers(1, 2)))
    ]
    return {"renditions": rungs} | draw(
        maybe(
            formats=st.sampled_from((["hls"], ["dash"], ["dash", "hls"])),
            segment_s=seconds(3.5, 2),
            i_frames=st.booleans(),
            audio=st.none() | _audio(("aac",)),
        )
    )


RENDERS = st.one_of(
    st.fixed_dictionaries({"outputs": _OUTPUTS}),
    st.fixed_dictionaries({"outputs": _OUTPUTS}),
    st.fixed_dictionaries(
        {"streams": st.lists(_stream(), min_size=1, max_size=1)}, optional={"outputs": _OUTPUTS}
    ),
)
