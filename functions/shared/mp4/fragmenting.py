"""Write fragmented MP4: an initialization segment, and one fragment a segment.

Written here and not by ffmpeg, from a part that was checked: pictures of every encoder and the
sound get the same layout, times that are exact in ticks, and one init for all chunks.
"""

import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import add, mul, sub

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import big_endian, box, full_box
from functions.shared.mp4.fragments import (
    BASE_IS_MOOF,
    COMPOSITION,
    DATA_OFFSET,
    DURATION,
    FIRST_FLAGS,
    FLAGS,
    NOT_SYNC,
    SIZE,
    Fragment,
)
from functions.shared.mp4.inspection import gap_s
from functions.shared.mp4.stitch import Blocks, Piece
from functions.shared.mp4.track import ENTRY_HEADER_BYTES, Edit, Movie, Track
from functions.shared.mp4.writer import TrackTables, mdat_header, moov

FTYP = box("ftyp", b"iso6\0\0\0\0iso6cmf2dashmp41")
"""`cmf2`: a frame's offset from decoding to showing may be negative, so that pictures need no edit
list: hls.js takes no notice of one, and then looks for segments where they are not."""
_TRACK = 1
_DEFAULT_DURATION, _DEFAULT_FLAGS = 0x8, 0x20
_SYNC_FLAGS = 0x2000000
"""Depends on no other sample."""
_OTHER_FLAGS = 0x1000000 | NOT_SYNC


@dataclass(frozen=True, slots=True)
class Layout:
    """A file about to be written: its init, then each fragment's head and media."""

    init: bytes
    heads: tuple[bytes, ...]
    fragments: tuple[Fragment, ...]
    """As a reader will find them."""
    segment_ticks: int
    """How long each is, but for the last, and for sound the first one's priming."""

    @property
    def size_bytes(self) -> int:
        return len(self.init) + sum(fragment.length for fragment in self.fragments)


def lay_out_video(
    track: Track, *, start_frame: int, segment_frames: int, frame_ticks: int
) -> Layout:
    """A part that passed `check_grid` and begins at `start_frame` of the stream. A frame decodes at
    its place in decoding order: no segment's times reach into another's."""
    count = len(track.sizes)
    places = array("q", map(mul, range(count), [frame_ticks] * count))
    shown = map(sub, map(add, track.dts, track.composition), [track.media_time] * count)
    offsets = array("q", map(sub, shown, places))
    keys = set(range(1, count + 1)) if track.sync is None else set(track.sync)
    samples = _Samples(
        sizes=track.sizes,
        durations=array("I", [frame_ticks]) * count,
        composition=offsets,
        sync=tuple(number in keys for number in range(1, count + 1)),
    )
    starts = range(0, count, segment_frames)
    return _lay_out(
        _init(track, []),
        samples,
        starts,
        base_time=start_frame * frame_ticks,
        first_number=start_frame // segment_frames + 1,
        segment_ticks=segment_frames * frame_ticks,
    )


def lay_out_audio(movie: Movie, track: Track, *, segment_s: float) -> Layout:
    """The whole of a track in segments of equally many packets, as near to `segment_s` as packets
    allow; what the decoder needs before the first sample comes with the first one."""
    if len(track.delta_runs) > 2 or track.delta_runs[0][1] == 0:  # noqa: PLR2004 - and a shorter last one
        raise PartMismatch("has packets of different lengths")
    packet_ticks = track.delta_runs[0][1]
    count = len(track.sizes)
    samples = _Samples(
        sizes=track.sizes,
        durations=array("I", (d for n, d in track.delta_runs for _ in range(n))),
        composition=array("q", bytes(8 * count)),
        sync=(True,) * count,
    )
    late = round(gap_s(movie, track.edits) * track.timescale) - track.media_time
    # A player can't be told of a time below 0 but by an edit list.
    edits = [Edit(0, -late)] if late < 0 else []
    packets = max(1, round(segment_s * track.timescale / packet_ticks))
    primed = max(0, -late) // packet_ticks
    starts = [0, *range(packets + primed, count, packets)]
    return _lay_out(
        _init(track, edits),
        samples,
        starts,
        base_time=max(0, late),
        first_number=1,
        segment_ticks=packets * packet_ticks,
    )


def fragmented(layout: Layout, media: Iterable[Piece]) -> Iterator[Piece]:
    """The file's bytes. `media` is the samples in order, in blocks of any size."""
    yield layout.init
    blocks = Blocks(media)
    for head, fragment in zip(layout.heads, layout.fragments, strict=True):
        yield head
        yield from blocks.take(sum(fragment.sizes))
    blocks.finish()


@dataclass(frozen=True, slots=True)
class _Samples:
    sizes: "array[int]"
    durations: "array[int]"
    composition: "array[int]"
    sync: tuple[bool, ...]


def _lay_out(
    init: bytes,
    samples: _Samples,
    starts: Sequence[int],
    *,
    base_time: int,
    first_number: int,
    segment_ticks: int,
) -> Layout:
    ends = [*starts[1:], len(samples.sizes)]
    heads, fragments, position = [], [], len(init)
    for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=first_number):
        one = Fragment(
            offset=position,
            head_bytes=0,
            base_time=base_time,
            sizes=samples.sizes[start:end],
            durations=samples.durations[start:end],
            composition=samples.composition[start:end],
            sync=samples.sync[start:end],
        )
        # A first try tells its own length, which the offset in it does not change.
        mdat = mdat_header(sum(one.sizes))
        head_bytes = len(_moof(one, number, 0)) + len(mdat)
        heads.append(_moof(one, number, head_bytes) + mdat)
        fragments.append(replace(one, head_bytes=head_bytes))
        position += fragments[-1].length
        base_time += one.duration
    return Layout(init, tuple(heads), tuple(fragments), segment_ticks)


def _init(track: Track, edits: Sequence[Edit]) -> bytes:
    """The ftyp and moov boxes, of no length and without samples. Bit rates, which differ from part
    to part, are left out."""
    fixed_bytes = ENTRY_HEADER_BYTES[track.kind]
    entry = track.sample_entry
    kept = (child.raw() for child in entry.children(fixed_bytes) if child.kind != "btrt")
    description = box(
        "stsd",
        track.description.payload(0, 8),
        box(entry.kind, entry.payload(0, fixed_bytes), *kept),
    )
    tables = TrackTables(
        number=_TRACK,
        like=track,
        description=description,
        duration=0,
        delta_runs=[],
        sizes=array("I"),
        composition=None,
        sync=None,
        edits=edits,
        sample_groups=b"",
        chunk_samples=[],
    )
    movie = moov([tables], [array("I")], track.timescale, wide=False)
    defaults = full_box("trex", 0, 0, struct.pack(">IIIII", _TRACK, 1, 0, 0, 0))
    return FTYP + box("moov", movie[8:], box("mvex", defaults))


def _moof(one: Fragment, number: int, data_offset: int) -> bytes:
    usual = _SYNC_FLAGS if all(one.sync) else _OTHER_FLAGS
    header = struct.pack(">III", _TRACK, one.durations[0], usual)
    return box(
        "moof",
        full_box("mfhd", 0, 0, struct.pack(">I", number)),
        box(
            "traf",
            full_box("tfhd", 0, BASE_IS_MOOF | _DEFAULT_DURATION | _DEFAULT_FLAGS, header),
            full_box("tfdt", 1, 0, struct.pack(">Q", one.base_time)),
            _trun(one, data_offset),
        ),
    )


def _trun(one: Fragment, data_offset: int) -> bytes:
    """The samples; what is the same for all of them is not said of each."""
    columns = [(SIZE, one.sizes)]
    if any(duration != one.durations[0] for duration in one.durations):
        columns.insert(0, (DURATION, one.durations))
    first = b""
    if one.sync[0] and not any(one.sync[1:]):
        first = struct.pack(">I", _SYNC_FLAGS)
    elif not all(one.sync):
        flags = (_SYNC_FLAGS if is_key else _OTHER_FLAGS for is_key in one.sync)
        columns.append((FLAGS, array("I", flags)))
    if any(one.composition):
        columns.append(
            (COMPOSITION, array("I", (ticks & 0xFFFF_FFFF for ticks in one.composition)))
        )
    flat = array(
        "I", (value for row in zip(*(c for _, c in columns), strict=True) for value in row)
    )
    said = DATA_OFFSET | (FIRST_FLAGS if first else 0) | sum(field for field, _ in columns)
    fixed = struct.pack(">II", len(one.sizes), data_offset)
    return full_box("trun", 1, said, fixed, first, big_endian(flat))
