"""Edits, drawn by chance."""

from typing import Any

from hypothesis import strategies as st

from tests.media.any.drawing import maybe, percent, seconds

LOGOS = ("logo.png", "logo.webp", "photo.jpg")
CAPTIONS = ("words.srt", "words.vtt", "words.ass")
SOUNDS = ("music.wav", "speech.m4a")

PLACES = (
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom",
    "bottom-right",
)  # fmt: skip
FONTS = ("sans", "sans-bold", "serif", "serif-bold", "mono")
SPEEDS = st.sampled_from((0.1, 0.5, 0.75, 1, 1.25, 1.37, 2, 10)) | st.floats(0.4, 4)
COLOURS = st.sampled_from(("#FFFFFF", "#c8643280", "#00000000", "#12ab9F"))


@st.composite
def _clip(draw: st.DrawFn) -> dict[str, Any]:
    clip: dict[str, Any] = draw(maybe(speed=SPEEDS))
    if draw(st.booleans()):
        unit, start, length = "s", draw(seconds(2.5)), draw(seconds(2.5, 0.02))
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
        maybe(
            x_percent=percent(0, 100),
            y_percent=percent(0, 100),
            margin_percent=percent(0, 50),
            opacity=st.floats(0.05, 1),
            position=st.sampled_from(PLACES),
            from_s=seconds(),
        )
    )
    if draw(st.booleans()):
        shown_s = draw(seconds(3, 0.01))
        laid["to_s"] = round(laid.get("from_s", 0) + shown_s, 3)
        laid["fade_s"] = round(draw(st.floats(0, 0.4)) * shown_s, 3)
    return laid


@st.composite
def _overlay(draw: st.DrawFn) -> dict[str, Any]:
    width = draw(maybe(width_percent=percent(0.5, 100)))
    image = f"s3://media/{draw(st.sampled_from(LOGOS))}"
    return {"image": image, **draw(_placed()), **width}


_BOX = maybe(color=COLOURS, padding_percent=percent(0, 200))
_OUTLINE = maybe(color=COLOURS, width_percent=percent(0, 30))


@st.composite
def _text(draw: st.DrawFn) -> dict[str, Any]:
    looks = maybe(
        font=st.sampled_from(FONTS),
        size_percent=percent(1, 50),
        color=COLOURS,
        box=_BOX,
        outline=_OUTLINE,
        align=st.sampled_from(("left", "center", "right")),
        max_width_percent=percent(5, 100),
        line_spacing_percent=percent(0, 300),
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
    style = maybe(
        font=st.sampled_from(FONTS),
        size_percent=percent(1, 30),
        color=COLOURS,
        box=_BOX,
        outline=_OUTLINE,
        margin_percent=percent(0, 45),
    )
    return [
        {
            "source": f"s3://media/{draw(st.sampled_from(CAPTIONS))}",
            "language": language,
            "mode": draw(st.sampled_from(("burn", "both"))) if i == burnt else "track",
            **draw(maybe(label=st.just("Ein Name, “so”"), style=style)),
        }
        for i, language in enumerate(languages)
    ]


_SOUND_NAMES = st.sampled_from(SOUNDS).map(lambda name: f"s3://media/{name}")
_MIX = st.builds(
    lambda source, more: {"source": source, **more},
    _SOUND_NAMES,
    maybe(volume_db=percent(-60, 24), from_s=seconds(5), loop=st.booleans(), duck=st.booleans()),
)


@st.composite
def _sound_edit(draw: st.DrawFn) -> dict[str, Any]:
    edit: dict[str, Any] = draw(
        maybe(
            replace=_SOUND_NAMES,
            offset_s=seconds(4, -4),
            volume_db=percent(-60, 24),
            mix=_MIX,
            fade_in_s=seconds(5),
            fade_out_s=seconds(5),
            loudness_lufs=percent(-70, -5),
        )
    )
    if "loudness_lufs" in edit and draw(st.booleans()):
        edit["true_peak_db"] = draw(percent(-9, 0))
    return edit


EDITS = maybe(
    clips=st.lists(_clip(), min_size=1, max_size=4),
    fps=st.sampled_from((1, 7.5, 10, 12, 23.976, 25, 29.97, 50, 59.94)) | percent(1, 60),
    deinterlace=st.sampled_from(("auto", "always", "never")),
    crop=_CROP,
    rotate_deg=st.sampled_from((0, 90, 180, 270)),
    flip=st.sampled_from(("horizontal", "vertical")),
    fade=maybe(in_s=seconds(5), out_s=seconds(5), color=st.just("#20c0ff")),
    overlays=st.lists(_overlay(), max_size=2),
    texts=st.lists(_text(), max_size=2),
    captions=_captions(),
    sound=_sound_edit(),
).map(lambda edit: edit | ({"props": {"message": "Hello", "number": 7.5}} if edit else {}))
