"""Write the tables of a file: the moov box."""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from functions.shared.mp4.boxes import Box, big_endian, box, full_box
from functions.shared.mp4.joining import JoinedVideo
from functions.shared.mp4.plain import Plain
from functions.shared.mp4.track import Edit, Track

_MAX_32 = 0xFFFF_FFFF
_IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_VISUAL_ENTRY_BYTES = 78
_TKHD_TAIL_BYTES = 60
"""From the reserved words after the duration to the end: layer, volume, matrix, width, height."""


@dataclass(frozen=True, slots=True)
class TrackTables:
    """A track to be written; its samples lie in `chunk_samples` groups."""

    number: int
    like: Track
    """Its headers and sample description are taken whole."""
    description: bytes
    duration: int
    delta_runs: Sequence[tuple[int, int]]
    sizes: "array[int]"
    composition: "array[int] | None"
    sync: "array[int] | None"
    edits: Sequence[Edit]
    sample_groups: bytes
    chunk_samples: Sequence[int]
    plain: Plain | None = None


@dataclass(frozen=True, slots=True)
class SampleTables:
    """What an stbl box holds before and behind the places of its chunks."""

    before: bytes
    behind: bytes

    @classmethod
    def of(cls, track: TrackTables) -> "SampleTables":
        return cls(b"".join(_sample_tables(track)), track.sample_groups)


def video_tables(joined: JoinedVideo, movie_timescale: int, chunks: Sequence[int]) -> TrackTables:
    """The joined parts; their edit list puts the first frame at 0."""
    per_tick = Fraction(movie_timescale, joined.first.timescale)
    shown = Edit(_up(joined.duration * per_tick), joined.delay_ticks)
    return TrackTables(
        number=1,
        like=joined.first,
        description=_with_bit_rate(joined),
        duration=joined.duration,
        delta_runs=[(joined.frames, joined.frame_ticks)],
        sizes=joined.sizes,
        composition=joined.composition if any(joined.composition) else None,
        sync=joined.sync,
        edits=[shown],
        sample_groups=b"",
        chunk_samples=chunks,
    )


def further_tables(
    number: int,
    track: Track,
    own_movie_timescale: int,
    movie_timescale: int,
    chunks: Sequence[int],
) -> TrackTables:
    """A track as it was, its edit list (priming, gap, length) in the new timescale."""
    scale = Fraction(movie_timescale, own_movie_timescale)
    return TrackTables(
        number=number,
        like=track,
        description=track.description.raw(),
        duration=track.duration,
        delta_runs=track.delta_runs,
        sizes=track.sizes,
        composition=track.composition if any(track.composition) else None,
        sync=track.sync,
        edits=[Edit(_up(edit.duration * scale), edit.media_time) for edit in track.edits],
        sample_groups=track.sample_groups,
        chunk_samples=track.plain.chunks(chunks) if track.plain else chunks,
        plain=track.plain,
    )


def moov(
    tracks: Sequence[TrackTables],
    chunk_offsets: Sequence["array[int]"],
    movie_timescale: int,
    *,
    wide: bool,
    user_data: bytes = b"",
    samples: Sequence[SampleTables] | None = None,
) -> bytes:
    """The movie box; its length does not depend on the offsets' values. `wide`: 64-bit offsets.
    `user_data` is its last box, or nothing. `samples`: the tracks' tables, where they were made
    before."""
    duration = max(_shown(track, movie_timescale) for track in tracks)
    speed_and_volume = struct.pack(">IH10x", 0x10000, 0x100)
    next_track = struct.pack(">I", len(tracks) + 1)
    return box(
        "moov",
        _timed_box(
            "mvhd",
            struct.pack(">I", movie_timescale),
            duration,
            speed_and_volume + _IDENTITY + bytes(24) + next_track,
        ),
        *(
            _trak(track, tables, offsets, movie_timescale, wide=wide)
            for track, tables, offsets in zip(
                tracks, samples or map(SampleTables.of, tracks), chunk_offsets, strict=True
            )
        ),
        user_data,
    )


def mdat_header(payload_bytes: int) -> bytes:
    if payload_bytes + 8 <= _MAX_32:
        return struct.pack(">I4s", payload_bytes + 8, b"mdat")
    return struct.pack(">I4sQ", 1, b"mdat", payload_bytes + 16)


def _shown(track: TrackTables, movie_timescale: int) -> int:
    """How long a track is on screen, in the movie's timescale."""
    if track.edits:
        return sum(edit.duration for edit in track.edits)
    return _up(track.duration * Fraction(movie_timescale, track.like.timescale))


def _trak(
    track: TrackTables,
    samples: SampleTables,
    offsets: "array[int]",
    movie_timescale: int,
    *,
    wide: bool,
) -> bytes:
    header = track.like.header
    media_header = _timed_box(
        "mdhd",
        struct.pack(">I", track.like.timescale),
        track.duration,
        track.like.language + bytes(2),
    )
    places = _table("co64" if wide else "stco", offsets)
    tables = box("stbl", samples.before, places, samples.behind)
    here = full_box("dref", 0, 0, struct.pack(">I", 1), full_box("url ", 0, 1))
    return box(
        "trak",
        _timed_box(
            "tkhd",
            struct.pack(">II", track.number, 0),
            _shown(track, movie_timescale),
            header.payload()[-_TKHD_TAIL_BYTES:],
            flags=header.number(1, 3),
        ),
        _edit_list(track.edits),
        box(
            "mdia",
            media_header,
            track.like.handler.raw(),
            box("minf", track.like.media_header, box("dinf", here), tables),
        ),
    )


def _sample_tables(track: TrackTables) -> list[bytes]:
    tables = [track.description, _run_box("stts", track.delta_runs)]
    if track.sync is not None:
        tables.append(_table("stss", track.sync))
    if track.composition is not None:
        runs = [(len(list(group)), value) for value, group in groupby(track.composition)]
        signed = any(value < 0 for _, value in runs)
        tables.append(_run_box("ctts", runs, version=1 if signed else 0))
    tables.append(_chunk_map(track.chunk_samples))
    sizes = (
        struct.pack(">II", track.plain.sample_bytes, track.plain.samples)
        if track.plain
        else struct.pack(">II", 0, len(track.sizes)) + big_endian(track.sizes)
    )
    return [*tables, full_box("stsz", 0, 0, sizes)]


def _chunk_map(chunk_samples: Sequence[int]) -> bytes:
    """The stsc box: from which chunk on how many samples lie in each."""
    flat, first = array("I"), 1
    for samples, group in groupby(chunk_samples):
        flat.extend((first, samples, 1))
        first += len(list(group))
    return full_box("stsc", 0, 0, struct.pack(">I", len(flat) // 3), big_endian(flat))


def _table(kind: str, values: "array[int]") -> bytes:
    return full_box(kind, 0, 0, struct.pack(">I", len(values)), big_endian(values))


def _run_box(kind: str, runs: Sequence[tuple[int, int]], version: int = 0) -> bytes:
    flat = array("I")
    for count, value in runs:
        flat.extend((count, value & _MAX_32))
    return full_box(kind, version, 0, struct.pack(">I", len(runs)), big_endian(flat))


def _edit_list(edits: Sequence[Edit]) -> bytes:
    if not edits:
        return b""
    wide = any(max(edit.duration, 2 * edit.media_time) > _MAX_32 for edit in edits)
    layout = ">QqI" if wide else ">IiI"
    entries = (struct.pack(layout, edit.duration, edit.media_time, 0x10000) for edit in edits)
    count = struct.pack(">I", len(edits))
    return box("edts", full_box("elst", int(wide), 0, count, *entries))


def _timed_box(kind: str, middle: bytes, duration: int, tail: bytes, flags: int = 0) -> bytes:
    """A header with creation and change times (left 0: equal inputs make equal files)."""
    if duration > _MAX_32:
        return full_box(kind, 1, flags, bytes(16), middle, struct.pack(">Q", duration), tail)
    return full_box(kind, 0, flags, bytes(8), middle, struct.pack(">I", duration), tail)


def _with_bit_rate(joined: JoinedVideo) -> bytes:
    """The first part's stsd box, with the whole track's bit rate where it states one."""
    description, entry = joined.first.description, joined.first.sample_entry
    stated = [child for child in entry.children(_VISUAL_ENTRY_BYTES) if child.kind == "btrt"]
    if not stated:
        return description.raw()
    seconds = Fraction(joined.duration, joined.first.timescale)
    mean = min(round(8 * sum(joined.sizes) / seconds), _MAX_32)
    return _replaced(description, stated[0], struct.pack(">III", 0, mean, mean))


def _replaced(whole: Box, part: Box, payload: bytes) -> bytes:
    """`whole` with the payload of `part`, a box in it, replaced by as many bytes."""
    raw = bytearray(whole.raw())
    at = part.start - whole.header_start
    raw[at : at + len(payload)] = payload
    return bytes(raw)


def _up(value: Fraction) -> int:
    """Rounded up: a player may stop at the end of an edit, never before the last sample."""
    return -(-value.numerator // value.denominator)
