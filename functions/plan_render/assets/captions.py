"""Captions from SRT, WebVTT or ASS, and how they are written down for the job's workers."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

from pysubs2 import Alignment, Color, Pysubs2Error, SSAFile, SSAStyle

from functions.plan_render.assets.probing import CaptionFacts
from functions.shared.errors import AssetUnusable
from functions.shared.fonts import FACES, LINE_TO_SIZE
from functions.shared.request.caption import CaptionStyle

MOST_CUES = 20_000
"""One every 4 s, for a day."""
MOST_LETTERS = 10_000
"""Of one cue: drawings in ASS are long, and what is longer takes libass for ever."""
_LINES = 1080
_SCRIPT = {
    "ScriptType": "v4.00+",
    "PlayResX": "1920",
    "PlayResY": str(_LINES),
    "WrapStyle": "0",
    "ScaledBorderAndShadow": "yes",
}
_CLOCK = r"\d{1,4}:\d{1,2}:\d{1,2}[.,]\d{1,3}"
_TIMES = {
    "srt": re.compile(rf"^\s*({_CLOCK})\s*-->\s*({_CLOCK})(\s.*)?$"),
    "vtt": re.compile(
        r"^\s*((?:\d{1,4}:)?\d{2}:\d{2}\.\d{3})\s+-->\s+((?:\d{1,4}:)?\d{2}:\d{2}\.\d{3})(\s.*)?$"
    ),
    "ass": re.compile(
        r"^Dialogue:[^,]*,\s*(\d+:\d{1,2}:\d{1,2}\.\d{1,3})\s*,\s*(\d+:\d{1,2}:\d{1,2}\.\d{1,3})\s*,"
    ),
}

_EVENT = "layer start end style name marginl marginr marginv effect text"
_STYLE = (
    "name fontname fontsize primarycolour secondarycolour outlinecolour backcolour bold italic"
    " underline strikeout scalex scaley spacing angle borderstyle outline shadow alignment"
    " marginl marginr marginv encoding"
)
_FIELDS = [_EVENT.split(), _EVENT.replace("name", "actor").split(), _STYLE.split()]


def normalise(data: bytes, folder: Path, style: CaptionStyle) -> CaptionFacts:
    """Write what `data` says into `folder`. Raises AssetUnusable, a predicate with the line."""
    text = _text(data)
    form = _format(text)
    _check_times(text, form)
    if form == "ass":
        _check_fields(text)
    try:
        read = SSAFile.from_string(text, format_=form)
    except (Pysubs2Error, ValueError, IndexError, KeyError) as error:
        raise AssetUnusable(f"cannot be read as {form.upper()} captions ({error})") from error
    said = [event for event in read.events if not event.is_comment and event.text.strip()]
    read.events = sorted(said, key=lambda event: (event.start, event.end))
    if not said:
        raise AssetUnusable(f"holds no captions: read as {form.upper()}, none has a time and text")
    if len(said) > MOST_CUES:
        raise AssetUnusable(f"holds {len(said):,} captions; {MOST_CUES:,} are allowed")
    longest = max(len(event.text) for event in said)
    if longest > MOST_LETTERS:
        raise AssetUnusable(f"holds a caption of {longest:,} letters; {MOST_LETTERS:,} are allowed")
    # What else an ASS file may carry, fonts among it, is for libraries that read fonts.
    if form != "ass":
        read.styles, read.info = {"Default": _looks(style)}, dict(_SCRIPT)
    read.fonts_opaque, read.graphics_opaque, read.aegisub_project = {}, {}, {}
    for event in read.events if form == "vtt" else ():
        event.text = html.unescape(event.text)
    cues = [[event.start, event.end, event.plaintext] for event in read.events]
    texts = {"ass": read.to_string("ass"), "srt": read.to_string("srt"), "json": json.dumps(cues)}
    for event in read.events:
        event.text = html.escape(event.text, quote=False)
    texts["vtt"] = read.to_string("vtt")
    for kind, written in texts.items():
        (folder / f"captions.{kind}").write_text(written, encoding="utf-8")
    end_ms = max(event.end for event in said)
    return CaptionFacts(format=form, cues=len(said), end_ms=end_ms)


def _looks(style: CaptionStyle) -> SSAStyle:
    """In a frame of 1080 lines, to which libass scales every other."""
    font = FACES[style.font]
    size = style.size_percent / 100 * _LINES
    outline = style.outline.width_percent / 100 * size
    edge, border = style.outline.color, 1
    if style.box is not None:
        edge, border = style.box.color, 3
        outline = style.box.padding_percent / 100 * size
    return SSAStyle(
        fontname=font.family,
        bold=font.is_bold,
        fontsize=size * LINE_TO_SIZE,
        primarycolor=_color(style.color),
        outlinecolor=_color(edge),
        backcolor=_color(edge),
        outline=outline,
        borderstyle=border,
        shadow=0,
        alignment=Alignment.BOTTOM_CENTER,
        marginl=_LINES // 20,
        marginr=_LINES // 20,
        marginv=round(style.margin_percent / 100 * _LINES),
    )


def _color(text: str) -> Color:
    """ASS counts transparency, not opacity."""
    red, green, blue, *alpha = bytes.fromhex(text.removeprefix("#"))
    return Color(red, green, blue, 255 - (alpha[0] if alpha else 255))


def _text(data: bytes) -> str:
    """UTF-8, or UTF-16 that says so; lines end as they do on Unix."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AssetUnusable(f"is not UTF-8 in line {line}; save it as UTF-8") from None
    if not text.strip():
        raise AssetUnusable("is empty")
    if "\0" in text:
        raise AssetUnusable("is no text: it holds a zero byte")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _format(text: str) -> str:
    if text.startswith("WEBVTT"):
        return "vtt"
    if re.search(r"^\[(V4\+ Styles|Events)\]", text, re.MULTILINE):
        return "ass"
    if "-->" in text:
        return "srt"
    raise AssetUnusable("is neither SRT, WebVTT nor ASS captions")


def _check_times(text: str, form: str) -> None:
    """Readers pass over lines they don't understand; whoever wrote them wants to know."""
    for number, line in _timed_lines(text, form):
        found = _TIMES[form].match(line)
        if found is None:
            raise AssetUnusable(
                f"has no times in line {number} that {form.upper()} allows: {line.strip()[:80]!r}"
            )
        if _ms(found[2]) < _ms(found[1]):
            raise AssetUnusable(f"ends a caption before it starts, in line {number}")


def _check_fields(text: str) -> None:
    """Fields in another order than all programs write would be taken for each other."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("Format:"):
            fields = [name.strip().lower() for name in line.partition(":")[2].split(",")]
            if fields not in _FIELDS:
                raise AssetUnusable(f"has a Format in line {number} that is not the usual one")


def _timed_lines(text: str, form: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("Dialogue:") if form == "ass" else "-->" in line:
            yield number, line


def _ms(clock: str) -> int:
    whole, _, part = clock.replace(",", ".").partition(".")
    seconds = 0
    for unit in whole.split(":"):
        seconds = 60 * seconds + int(unit)
    return 1000 * seconds + int(part.ljust(3, "0"))
