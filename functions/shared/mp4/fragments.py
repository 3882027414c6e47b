"""Fragmented MP4 (ISO 14496-12, 8.8) read from its boxes: what lies where, and is it as planned?

A fragment is a moof box and the mdat box behind it; here each is one segment of a stream.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import add

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import Box, box_header
from functions.shared.mp4.source import ByteSource, MemoryBytes, read_exactly
from functions.shared.mp4.track import Track, read_movie

BASE_IS_MOOF = 0x20000
DURATION, SIZE, FLAGS, COMPOSITION = 0x100, 0x200, 0x400, 0x800
"""Fields that a trun box has for each sample, in this order."""
DATA_OFFSET, FIRST_FLAGS = 0x1, 0x4
NOT_SYNC = 0x10000
MAX_FRAGMENTS = 1 << 16
"""36 hours of 2 s segments."""
_MOST_INIT_BYTES = 1 << 20
_MOST_MOOF_BYTES = 16 << 20
_HEADER_BYTES = 16
_TFHD_FIELDS = ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4))
"""Optional fields of a tfhd box, in order: (flag, bytes)."""
_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS = 0x8, 0x10, 0x20


@dataclass(frozen=True, slots=True)
class Fragment:
    """One moof and its mdat. Times are in ticks of the track."""

    offset: int
    """Of the moof box in the file."""
    head_bytes: int
    """From there to the first sample."""
    base_time: int
    """When its first sample is decoded."""
    sizes: "array[int]"
    durations: "array[int]"
    composition: "array[int]"
    """pts - dts of each sample."""
    sync: tuple[bool, ...]

    @property
    def length(self) -> int:
        return self.head_bytes + sum(self.sizes)

    @property
    def duration(self) -> int:
        return sum(self.durations)

    @property
    def first_sample_end(self) -> int:
        """How many of its bytes, from its own first on, show its first picture."""
        return self.head_bytes + self.sizes[0]

    @property
    def shown(self) -> list[int]:
        """When its samples are shown, in order of decoding."""
        starts = accumulate(self.durations[:-1], initial=self.base_time)
        return list(map(add, starts, self.composition))


@dataclass(frozen=True, slots=True)
class Fragmented:
    """A file of one track: its initialization segment, and its fragments behind it."""

    init: bytes
    """The ftyp and moov boxes."""
    track: Track
    """Of the init: it has no samples."""
    fragments: tuple[Fragment, ...]

    @property
    def frames(self) -> int:
        return sum(len(fragment.sizes) for fragment in self.fragments)


def read_fragmented(source: ByteSource) -> Fragmented:
    """The file front to back, but for its media. Anything that makes no sense is PartMismatch."""
    init, position = _read_init(source)
    movie = read_movie(MemoryBytes(init))
    if len(movie.tracks) != 1:
        raise PartMismatch(f"has {len(movie.tracks)} tracks, not one")
    fragments: list[Fragment] = []
    while position < source.size_bytes:
        if len(fragments) == MAX_FRAGMENTS:
            raise PartMismatch(f"has more than {MAX_FRAGMENTS} fragments")
        fragment = _read_fragment(source, position)
        fragments.append(fragment)
        position += fragment.length
    if not fragments:
        raise PartMismatch("has no fragments")
    return Fragmented(init, movie.tracks[0], tuple(fragments))


def check_segments(
    part: Fragmented, *, start_frame: int, segment_frames: int, timescale: int, frame_ticks: int
) -> None:
    """Each fragment shows exactly the frames of its segment, begins with a key frame, and says at
    which time of the whole stream; only the last may be shorter."""
    if part.track.kind != "vide" or part.track.timescale != timescale:
        raise PartMismatch(
            f"is {part.track.kind!r} at {part.track.timescale} ticks a second, not 'vide' at"
            f" {timescale}"
        )
    if part.track.edits:
        raise PartMismatch("has an edit list, which moves its times")
    frame = start_frame
    for number, fragment in enumerate(part.fragments):
        frames = len(fragment.sizes)
        is_last = number == len(part.fragments) - 1
        if not 0 < frames <= segment_frames or (frames < segment_frames and not is_last):
            raise PartMismatch(f"has {frames} frames in segment {number}, not {segment_frames}")
        if fragment.base_time != frame * frame_ticks:
            raise PartMismatch(
                f"decodes segment {number} at tick {fragment.base_time}, not {frame * frame_ticks}"
            )
        times, end = fragment.shown, frame + frames
        if sorted(times) != list(range(frame * frame_ticks, end * frame_ticks, frame_ticks)):
            raise PartMismatch(f"does not show frames {frame} to {end} in segment {number}")
        if not fragment.sync[0] or times[0] != frame * frame_ticks:
            raise PartMismatch(f"does not begin segment {number} with a key frame")
        if set(fragment.durations) != {frame_ticks}:
            raise PartMismatch(f"has frames of other lengths in segment {number}")
        frame = end


def _read_init(source: ByteSource) -> tuple[bytes, int]:
    """The bytes up to the first fragment, and where that begins."""
    position = 0
    for wanted in ("ftyp", "moov"):
        kind, length = _header(source, position)
        if kind != wanted:
            raise PartMismatch(f"has a {kind!r} box at {position}, not {wanted!r}")
        position += length
    if position > _MOST_INIT_BYTES:
        raise PartMismatch(f"has an initialization segment of {position} bytes")
    return read_exactly(source, 0, position), position


def _header(source: ByteSource, position: int) -> tuple[str, int]:
    """(kind, length) of the box at `position`."""
    available = source.size_bytes - position
    header = read_exactly(source, position, max(0, min(_HEADER_BYTES, available)))
    kind, _, length = box_header(header, available)
    return kind, length


def _read_fragment(source: ByteSource, position: int) -> Fragment:
    kind, moof_bytes = _header(source, position)
    if kind != "moof" or moof_bytes > _MOST_MOOF_BYTES:
        raise PartMismatch(f"has a {kind!r} box of {moof_bytes} bytes at {position}, not a 'moof'")
    data = read_exactly(source, position, moof_bytes)
    _, header_bytes, _ = box_header(data[:_HEADER_BYTES], moof_bytes)
    fragment, data_offset = _parse(Box("moof", data, 0, header_bytes, moof_bytes), position)
    at = position + moof_bytes
    header = read_exactly(source, at, max(0, min(_HEADER_BYTES, source.size_bytes - at)))
    kind, header_bytes, length = box_header(header, source.size_bytes - at)
    if kind != "mdat" or length - header_bytes != sum(fragment.sizes):
        raise PartMismatch(
            f"has a {kind!r} box of {length} bytes at {at}, not an 'mdat' with the"
            f" {sum(fragment.sizes)} bytes of its samples"
        )
    if data_offset != moof_bytes + header_bytes:
        raise PartMismatch(f"looks for its samples at {data_offset} from {position}")
    return fragment


def _parse(moof: Box, position: int) -> tuple[Fragment, int]:
    """The fragment, and how far from the moof box its samples are said to be."""
    traf = _only(moof, "traf")
    run = _only(traf, "trun")
    defaults = dict(_defaults(traf.require("tfhd")))
    flags, count = run.number(1, 3), run.number(4, 4)
    if not flags & DATA_OFFSET or count == 0:
        raise PartMismatch(f"has a trun box of {count} samples with flags {flags:#x}")
    fields = [field for field in (DURATION, SIZE, FLAGS, COMPOSITION) if flags & field]
    first = 12 + (4 if flags & FIRST_FLAGS else 0)
    if run.end - run.start != first + 4 * count * len(fields):
        raise PartMismatch(f"has a trun box of {run.end - run.start} bytes for {count} samples")
    flat = run.numbers(first, count * len(fields), "I")
    columns = {field: flat[i :: len(fields)] for i, field in enumerate(fields)}

    def column(field: int, default: int) -> "array[int]":
        return columns.get(field, array("I", [default]) * count)

    sample_flags = column(FLAGS, defaults.get(_DEFAULT_FLAGS, 0))
    if flags & FIRST_FLAGS:
        sample_flags[0] = run.number(12, 4)
    times = traf.require("tfdt")
    fragment = Fragment(
        offset=position,
        head_bytes=run.number(8, 4, signed=True),
        base_time=times.number(4, 8 if times.number(0, 1) else 4),
        sizes=column(SIZE, defaults.get(_DEFAULT_SIZE, 0)),
        durations=column(DURATION, defaults.get(_DEFAULT_DURATION, 0)),
        composition=array("q", map(_signed, column(COMPOSITION, 0))),
        sync=tuple(not flag & NOT_SYNC for flag in sample_flags),
    )
    return fragment, fragment.head_bytes


def _only(box: Box, kind: str) -> Box:
    found = [child for child in box.children() if child.kind == kind]
    if len(found) != 1:
        raise PartMismatch(f"has {len(found)} {kind} boxes in a {box.kind}, not one")
    return found[0]


def _defaults(tfhd: Box) -> Iterator[tuple[int, int]]:
    """(flag, value) of the fields that are there."""
    flags, at = tfhd.number(1, 3), 8
    if not flags & BASE_IS_MOOF or flags & 1:
        raise PartMismatch("has samples that are not placed from their own moof box")
    for flag, width in _TFHD_FIELDS:
        if flags & flag:
            yield flag, tfhd.number(at, width)
            at += width


def _signed(value: int) -> int:
    return value - (value >> 31 << 32)
