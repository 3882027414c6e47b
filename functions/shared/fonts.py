"""The fonts that texts and captions are drawn with: DejaVu, in the ffmpeg layer."""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from functions.shared.ffmpeg import layer_folder
from functions.shared.request.overlay import Font

_NO_GLYPH = 0
_GROUPS = 12
"""Format of a cmap subtable that has all of Unicode; each of our fonts has one."""


@dataclass(frozen=True)
class Face:
    """One font file of the layer."""

    file: str
    family: str
    is_bold: bool = False


LINE_TO_SIZE = 1.164
"""Height of a line, by which ASS counts, to the size that letters are said to have."""
FACES: dict[Font, Face] = {
    "sans": Face("DejaVuSans.ttf", "DejaVu Sans"),
    "sans-bold": Face("DejaVuSans-Bold.ttf", "DejaVu Sans", is_bold=True),
    "serif": Face("DejaVuSerif.ttf", "DejaVu Serif"),
    "serif-bold": Face("DejaVuSerif-Bold.ttf", "DejaVu Serif", is_bold=True),
    "mono": Face("DejaVuSansMono.ttf", "DejaVu Sans Mono"),
}


def fonts_folder() -> Path:
    return layer_folder() / "share" / "fonts"


class Measure(Protocol):
    """What lines are broken by."""

    def width(self, text: str) -> float: ...


class Letters:
    """How large a TrueType font's letters are; each by itself, without kerning."""

    def __init__(self, file: Path) -> None:
        self._data = file.read_bytes()
        self._tables = self._directory()
        self._units = self._number("head", 18, ">H")
        self._widths = self._number("hhea", 34, ">H")
        self._glyphs = self._characters()

    def width(self, text: str) -> float:
        """Of one line, in multiples of the font's size."""
        start = self._tables["hmtx"]
        total = 0
        for letter in text:
            glyph = min(self._glyphs.get(ord(letter), _NO_GLYPH), self._widths - 1)
            total += struct.unpack_from(">H", self._data, start + 4 * glyph)[0]
        return total / self._units

    def line_pixels(self, size: int) -> int:
        """Height of a line of letters of so many pixels, as FreeType rounds it."""
        ascent, descent, gap = (self._number("hhea", at, ">h") for at in (4, 6, 8))
        return math.floor((ascent - descent + gap) * size / self._units + 0.5)

    def _directory(self) -> dict[str, int]:
        count = struct.unpack_from(">H", self._data, 4)[0]
        entries = struct.iter_unpack(">4sIII", self._data[12 : 12 + 16 * count])
        return {tag.decode("ascii"): offset for tag, _, offset, _ in entries}

    def _number(self, table: str, at: int, layout: str) -> int:
        value: int = struct.unpack_from(layout, self._data, self._tables[table] + at)[0]
        return value

    def _characters(self) -> dict[int, int]:
        """Glyph of each character, from the cmap table's Unicode parts."""
        start = self._tables["cmap"]
        count = self._number("cmap", 2, ">H")
        glyphs: dict[int, int] = {}
        for _, _, offset in struct.iter_unpack(
            ">HHI", self._data[start + 4 : start + 4 + 8 * count]
        ):
            kind = struct.unpack_from(">H", self._data, start + offset)[0]
            if kind == _GROUPS:
                groups = struct.unpack_from(">I", self._data, start + offset + 12)[0]
                first = start + offset + 16
                table = self._data[first : first + 12 * groups]
                for low, high, glyph in struct.iter_unpack(">III", table):
                    glyphs.update((code, glyph + code - low) for code in range(low, high + 1))
        return glyphs


def wrapped(text: str, letters: Measure, most: float) -> list[str]:
    """The text's lines, none wider than `most` times the font's size unless it is one letter.

    A line breaks at its last space that fits, a word that is too long wherever it must; spaces at a
    break are dropped.
    """
    lines: list[str] = []
    for given in text.split("\n"):
        first, *words = given.split(" ")
        *full, line = _pieces(first, letters, most)
        lines += full
        for word in words:
            joined = f"{line} {word}"
            if letters.width(joined) <= most:
                line = joined
                continue
            *full, rest = _pieces(word, letters, most)
            lines += [line, *full]
            line = rest
        lines.append(line)
    return lines


def _pieces(word: str, letters: Measure, most: float) -> list[str]:
    pieces, piece = [], ""
    for letter in word:
        if piece and letters.width(piece + letter) > most:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]
