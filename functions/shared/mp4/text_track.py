"""Captions as a track of timed text (3GPP TS 26.245, `tx3g`), made in memory.

Samples follow each other without a gap: between captions lies one without letters.
"""

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise

from functions.shared.languages import three_letters
from functions.shared.mp4.boxes import big_endian, box, full_box
from functions.shared.mp4.source import MemoryBytes
from functions.shared.mp4.track import Movie, Track, read_movie
from functions.shared.plan.overlay import Cue

_TIMESCALE = 1000
_MOST_SAMPLE_BYTES = 0xFFFF
_IN_MOVIE = 2
"""Not enabled: players show it to who asks for it."""
_SUBTITLES = 2
"""The alternate group, of which players show one."""
_IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_CENTER, _BOTTOM = 1, -1
_WHITE = b"\xff\xff\xff\xff"


def text_track(
    cues: Sequence[Cue], duration_ms: int, language: str, label: str | None, size: tuple[int, int]
) -> tuple[Movie, Track, bytes]:
    """The track, as read from a file that has no other, and its samples.

    `language` is BCP 47; `size` is the frame's, over which the text lies.
    """
    samples = [(length_ms, _sample(text)) for length_ms, text in laid_end_to_end(cues, duration_ms)]
    sizes = array("I", (len(sample) for _, sample in samples))
    media = b"".join(sample for _, sample in samples)

    def tables(offset: int) -> bytes:
        lengths = [length_ms for length_ms, _ in samples]
        return box("ftyp", b"isom\0\0\0\0") + _moov(
            lengths, sizes, offset, three_letters(language), label or language, size
        )

    head = tables(len(tables(0)) + 8)
    movie = read_movie(MemoryBytes(head + box("mdat", media)))
    return movie, movie.tracks[0], media


def laid_end_to_end(cues: Sequence[Cue], duration_ms: int) -> Iterator[tuple[int, str]]:
    """(length in ms, text) from the start on; where captions overlap, both are in one text."""
    edges = {0, duration_ms}
    edges.update(min(at, duration_ms) for start, end, _ in cues for at in (start, end))
    moments = sorted(edges)
    waiting = sorted(cues)
    shown: list[Cue] = []
    for start, end in pairwise(moments):
        while waiting and waiting[0][0] <= start:
            shown.append(waiting.pop(0))
        shown = [cue for cue in shown if cue[1] > start]
        yield end - start, "\n".join(text for _, _, text in shown)


def _sample(text: str) -> bytes:
    data = text.encode()[:_MOST_SAMPLE_BYTES]
    # Whole letters, should it be cut.
    data = data.decode("utf-8", "ignore").encode()
    return struct.pack(">H", len(data)) + data


def _moov(
    lengths: Sequence[int],
    sizes: "array[int]",
    offset: int,
    language: str,
    label: str,
    size: tuple[int, int],
) -> bytes:
    duration = sum(lengths)
    times = full_box("mvhd", 0, 0, struct.pack(">4I", 0, 0, _TIMESCALE, duration), bytes(80))
    width, height = size
    track_header = full_box(
        "tkhd",
        0,
        _IN_MOVIE,
        struct.pack(">5I8x", 0, 0, 1, 0, duration),
        struct.pack(">hhHH", 0, _SUBTITLES, 0, 0),
        _IDENTITY,
        struct.pack(">II", width << 16, height << 16),
    )
    packed = sum(
        (ord(letter) - 0x60) << shift for letter, shift in zip(language, (10, 5, 0), strict=True)
    )
    media = box(
        "mdia",
        full_box("mdhd", 0, 0, struct.pack(">4IHH", 0, 0, _TIMESCALE, duration, packed, 0)),
        full_box("hdlr", 0, 0, bytes(4), b"sbtl", bytes(12), label.encode() + b"\0"),
        box("minf", full_box("nmhd", 0, 0), _tables(lengths, sizes, offset)),
    )
    return box("moov", times, box("trak", track_header, media))


def _tables(lengths: Sequence[int], sizes: "array[int]", offset: int) -> bytes:
    count = len(sizes)
    flat = array("I", (value for length in lengths for value in (1, length)))
    return box(
        "stbl",
        full_box("stsd", 0, 0, struct.pack(">I", 1), _entry()),
        full_box("stts", 0, 0, struct.pack(">I", count), big_endian(flat)),
        full_box("stsc", 0, 0, struct.pack(">4I", 1, 1, count, 1)),
        full_box("stsz", 0, 0, struct.pack(">II", 0, count), big_endian(sizes)),
        full_box("stco", 0, 0, struct.pack(">II", 1, offset)),
    )


def _entry() -> bytes:
    """White letters at the lower edge, on nothing."""
    font = b"Sans-Serif"
    style = struct.pack(">HHHBB", 0, 0, 1, 0, 18) + _WHITE
    return box(
        "tx3g",
        bytes(6) + struct.pack(">H", 1),
        struct.pack(">Ibb", 0, _CENTER, _BOTTOM),
        bytes(4),
        bytes(8),
        style,
        box("ftab", struct.pack(">HHB", 1, 1, len(font)), font),
    )
