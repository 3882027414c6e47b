"""Requests drawn by chance: every part of a job beside every other, small and short."""

from typing import Any

from hypothesis import strategies as st

from functions.shared.containers import CODECS, STILLS
from functions.shared.request.encoding import MOST_CRF, PIXEL_FORMATS, PRESETS
from functions.shared.request.presets import PRESETS as FILLED
from functions.shared.request.sound import CODECS as SOUND_CODECS
from functions.shared.request.sound import LOSSLESS, SOUND_FILES

Drawn = st.SearchStrategy[dict[str, Any]]

LOGOS = ("logo.png", "logo.webp", "photo.jpg")
CAPTIONS = ("words.srt", "words.vtt", "words.ass")
SOUNDS = ("music.wav", "speech.m4a")

PLACES = (
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom",
    "bottom-right",
)  # fmt: skip
FONTS = ("sans", "sans-bold", "serif", "serif-bold", "mono")
SIZES = st.integers(8, 120).map(lambda half: 2 * half)
SPEEDS = st.sampled_from((0.1, 0.5, 0.75, 1, 1.25, 1.37, 2, 10)) | st.floats(0.4, 4)
COLOURS = st.sampled_from(("#FFFFFF", "#c8643280", "#00000000", "#12ab9F"))


def _seconds(most: float = 3.5, least: float = 0) -> st.SearchStrategy[float]:
    return st.floats(least, most).map(lambda value: round(value, 3))


def _percent(least: float, most: float) -> st.SearchStrategy[float]:
    return st.floats(least, most).map(lambda value: round(value, 1))


def _maybe(**fields: st.SearchStrategy[Any]) -> Drawn:
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def _clip(draw: st.DrawFn) -> dict[str, Any]:
    clip: dict[str, Any] = draw(_maybe(speed=SPEEDS))
    if draw(st.booleans()):
        unit, start, length = "s", draw(_seconds(2.5)), draw(_seconds(2.5, 0.02))
    else:
        unit, start, length = "frame", draw(st.integers(0, 60)), draw(st.integers(1, 60))
    if draw(st.booleans()):
        clip[f"start_{unit}"] = start
    if draw(st.booleans()):
        clip[f"end_{unit}"] = round(clip.get(f"start_{unit}", 0) + length, 3)
    return clip


_CROP = st.fixed_dictionaries(
    {
        "x": st.integers(0, 40),
        "y": st.integers(0, 20),
        "width": st.integers(16, 120),
        "height": st.integers(16, 70),
    }
)


@st.composite
def _placed(draw: st.DrawFn) -> dict[str, Any]:
    laid: dict[str, Any] = draw(
        _maybe(
            x_percent=_percent(0, 100),
            y_percent=_percent(0, 100),
            margin_percent=_percent(0, 50),
            opacity=st.floats(0.05, 1),
            position=st.sampled_from(PLACES),
            from_s=_seconds(),
        )
    )
    if draw(st.booleans()):
        shown_s = draw(_seconds(3, 0.01))
        laid["to_s"] = round(laid.get("from_s", 0) + shown_s, 3)
        laid["fade_s"] = round(draw(st.floats(0, 0.4)) * shown_s, 3)
    return laid


@st.composite
def _overlay(draw: st.DrawFn) -> dict[str, Any]:
    width = draw(_maybe(width_percent=_percent(0.5, 100)))
    image = f"s3://media/{draw(st.sampled_from(LOGOS))}"
    return {"image": image, **draw(_placed()), **width}


_BOX = _maybe(color=COLOURS, padding_percent=_percent(0, 200))
_OUTLINE = _maybe(color=COLOURS, width_percent=_percent(0, 30))


@st.composite
def _text(draw: st.DrawFn) -> dict[str, Any]:
    looks = _maybe(
        font=st.sampled_from(FONTS),
        size_percent=_percent(1, 50),
        color=COLOURS,
        box=_BOX,
        outline=_OUTLINE,
        align=st.sampled_from(("left", "center", "right")),
        max_width_percent=_percent(5, 100),
        line_spacing_percent=_percent(0, 300),
    )
    words = st.sampled_from(
        (
            "{message}",
            "Ünter 50 % 'quoted' \\: [x];,\n{number}",
            "{{brace}} Ωμέγα Жук",
            "\n \n",
            "a",
        )
    )
    return {"text": draw(words), **draw(_placed()), **draw(looks)}


@st.composite
def _captions(draw: st.DrawFn) -> list[dict[str, Any]]:
    languages = draw(st.lists(st.sampled_from(("en", "pt-BR", "deu", "und")), unique=True))[:3]
    burnt = draw(st.integers(0, 3))
    style = _maybe(
        font=st.sampled_from(FONTS),
        size_percent=_percent(1, 30),
        color=COLOURS,
        box=_BOX,
        outline=_OUTLINE,
        margin_percent=_percent(0, 45),
    )
    return [
        {
            "source": f"s3://media/{draw(st.sampled_from(CAPTIONS))}",
            "language": language,
            "mode": draw(st.sampled_from(("burn", "both"))) if i == burnt else "track",
            **draw(_maybe(label=st.just("Ein Name, “so”"), style=style)),
        }
        for i, language in enumerate(languages)
    ]


_SOUND_NAMES = st.sampled_from(SOUNDS).map(lambda name: f"s3://media/{name}")
_MIX = st.builds(
    lambda source, more: {"source": source, **more},
    _SOUND_NAMES,
    _maybe(volume_db=_percent(-60, 24), from_s=_seconds(5), loop=st.booleans(), duck=st.booleans()),
)


@st.composite
def _sound_edit(draw: st.DrawFn) -> dict[str, Any]:
    edit: dict[str, Any] = draw(
        _maybe(
            replace=_SOUND_NAMES,
            offset_s=_seconds(4, -4),
            volume_db=_percent(-60, 24),
            mix=_MIX,
            fade_in_s=_seconds(5),
            fade_out_s=_seconds(5),
            loudness_lufs=_percent(-70, -5),
        )
    )
    if "loudness_lufs" in edit and draw(st.booleans()):
        edit["true_peak_db"] = draw(_percent(-9, 0))
    return edit


EDITS = _maybe(
    clips=st.lists(_clip(), min_size=1, max_size=4),
    fps=st.sampled_from((1, 7.5, 10, 12, 23.976, 25, 29.97, 50, 59.94)) | _percent(1, 60),
    deinterlace=st.sampled_from(("auto", "always", "never")),
    crop=_CROP,
    rotate_deg=st.sampled_from((0, 90, 180, 270)),
    flip=st.sampled_from(("horizontal", "vertical")),
    fade=_maybe(in_s=_seconds(5), out_s=_seconds(5), color=st.just("#20c0ff")),
    overlays=st.lists(_overlay(), max_size=2),
    texts=st.lists(_text(), max_size=2),
    captions=_captions(),
    sound=_sound_edit(),
).map(lambda edit: edit | ({"props": {"message": "Hello", "number": 7.5}} if edit else {}))


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
    return named | draw(_maybe(**fields))


@st.composite
def _video(
    draw: st.DrawFn, codecs: tuple[str, ...], *, in_segments: bool = False
) -> dict[str, Any]:
    codec = draw(st.sampled_from(codecs))
    named = {"codec": codec} if codec != codecs[0] or draw(st.booleans()) else {}
    range_ = draw(_maybe(dynamic_range=st.sampled_from(("auto", "sdr"))))
    if codec == "prores":
        profile = st.sampled_from(("proxy", "lt", "standard", "hq", "4444"))
        return named | range_ | draw(_maybe(profile=profile))
    fields = {"pixel_format": st.sampled_from(("auto", *PIXEL_FORMATS[codec]))}
    if not in_segments:
        fields["gop_s"] = _seconds(10, 0.5)
    ways: list[Drawn] = [
        _maybe(crf=st.integers(0, MOST_CRF[codec])),
        st.fixed_dictionaries({"bitrate_kbps": st.sampled_from((16, 80, 900))}),
    ]
    if codec in {"h264", "hevc"}:
        buffer = _maybe(max_bitrate_kbps=st.just(400), buffer_kbits=st.just(300))
        ways.append(buffer.filter(lambda way: "max_bitrate_kbps" in way or not way))
    if codec != "av1":
        # So that chunks can be held against one piece; more often than not.
        lossless = st.just({"lossless": True})
        ways += [lossless] * (4 if codec == "h264" else 1)
    quick = st.sampled_from(PRESETS[:3]) if draw(st.integers(0, 5)) else st.sampled_from(PRESETS)
    return named | range_ | draw(_maybe(**fields)) | draw(st.one_of(ways)) | {"preset": draw(quick)}


_SIZE = _maybe(width=SIZES, height=SIZES, fit=st.sampled_from(("pad", "fill", "stretch", "inside")))
_TAGS = _maybe(
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
    size = {"width": draw(SIZES)} | draw(_maybe(height=SIZES))
    quick = {} if FILLED[name].get("container") in {"gif", "mov"} else {"preset": "ultrafast"}
    return {"preset": name, **size} | ({"video": quick} if quick else {})


_MOVING = st.sampled_from(("gif", "webp")).flatmap(
    lambda container: st.builds(
        lambda size, more: {"container": container, **size, **more},
        _SIZE,
        _maybe(
            fps=_percent(1, 50),
            loop=st.sampled_from((0, 1, 2, 1000)),
            **({"quality": st.integers(1, 100)} if container == "webp" else {}),
        ),
    )
)
_STILL = st.sampled_from((*STILLS, "webp")).flatmap(
    lambda container: st.builds(
        lambda size, at_s, more: {"container": container, "at_s": at_s, **size, **more},
        _SIZE,
        _seconds(),
        _maybe(**({} if container == "png" else {"quality": st.integers(1, 100)})),
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
        | draw(_maybe(height=SIZES, fit=st.sampled_from(("pad", "fill", "stretch", "inside"))))
        for i in range(draw(st.integers(1, 2)))
    ]
    return {"renditions": rungs} | draw(
        _maybe(
            formats=st.sampled_from((["hls"], ["dash"], ["dash", "hls"])),
            segment_s=_seconds(3.5, 2),
            i_frames=st.booleans(),
            audio=st.none() | _audio(("aac",)),
        )
    )


_RENDERS = st.one_of(
    st.fixed_dictionaries({"outputs": _OUTPUTS}),
    st.fixed_dictionaries({"outputs": _OUTPUTS}),
    st.fixed_dictionaries(
        {"streams": st.lists(_stream(), min_size=1, max_size=1)}, optional={"outputs": _OUTPUTS}
    ),
)


@st.composite
def _snapshots(draw: st.DrawFn) -> dict[str, Any]:
    ways: tuple[Drawn, ...] = (
        st.fixed_dictionaries({"count": st.integers(1, 12)}),
        st.fixed_dictionaries({"every_s": _seconds(3, 0.2)}),
        st.fixed_dictionaries({"at_s": st.lists(_seconds(3), min_size=1, max_size=4)}),
        st.fixed_dictionaries({"at_percent": st.lists(_percent(0, 100), min_size=1, max_size=4)}),
        st.fixed_dictionaries(
            {"random": st.fixed_dictionaries({"count": st.integers(1, 6), "seed": st.integers(0, 9)})}
        ),
        st.fixed_dictionaries(
            {"scenes": _maybe(most=st.integers(1, 9), threshold=_percent(1, 20), min_gap_s=_seconds(2))}
        ),
    )  # fmt: skip
    sprite = st.one_of(
        st.fixed_dictionaries({"every_s": _seconds(2, 0.1)}),
        st.fixed_dictionaries({"count": st.integers(1, 30)}),
    ).flatmap(
        lambda way: _maybe(
            width=st.integers(16, 200), columns=st.integers(1, 6), rows=st.integers(1, 6)
        ).map(lambda more: way | more)
    )
    sheet = _maybe(
        columns=st.integers(1, 5),
        rows=st.integers(1, 4),
        width=st.integers(64, 200),
        times=st.booleans(),
    )
    sheets = draw(
        _maybe(sprite=sprite, contact_sheet=sheet, poster=_maybe(best_of=st.integers(1, 6)))
    )
    way = {} if sheets and draw(st.booleans()) else draw(st.one_of(ways))
    format_ = draw(st.sampled_from(("jpeg", "png", "webp", "avif")))
    how: dict[str, Any] = {"format": format_} | draw(
        _maybe(
            accuracy=st.sampled_from(("frame", "keyframe")),
            widths=st.lists(st.integers(16, 400), min_size=1, max_size=2),
            blurhash=st.booleans(),
        )
    )
    if format_ == "webp" and draw(st.booleans()):
        how["lossless"] = True
    elif format_ != "png" and draw(st.booleans()):
        how["quality"] = draw(st.integers(1, 100))
    return sheets | way | how


REQUESTS = st.builds(
    lambda edit, rest, chunk_s: {**({"edit": edit} if edit else {}), **rest, "chunk_s": chunk_s},
    EDITS,
    st.one_of(
        st.fixed_dictionaries({"render": _RENDERS}),
        st.fixed_dictionaries({"render": _RENDERS, "snapshots": _snapshots()}),
        st.fixed_dictionaries({"snapshots": _snapshots()}),
    ),
    st.sampled_from((1, 1, 1.3, 2)),
)
"""As a job's body, without its source."""
