"""Join checked parts into one faststart MP4 in a single sequential pass.

The tables are made first, from the parts' tables; then the media data follows in the order it is
stored, taken from the parts front to back. No temporary file; memory holds the tables and one
block of media.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import lcm
from operator import add

from functions.shared.errors import PartMismatch
from functions.shared.mp4.about import About
from functions.shared.mp4.boxes import MAX_MOOV_BYTES
from functions.shared.mp4.joining import JoinedVideo, join_video
from functions.shared.mp4.source import ByteSource, read_exactly
from functions.shared.mp4.track import Movie, Track
from functions.shared.mp4.writer import (
    SampleTables,
    TrackTables,
    further_tables,
    mdat_header,
    moov,
    video_tables,
)

RUNS_PER_S = 2
BLOCK_BYTES = 2 << 20
_MAX_TIMESCALE = 0x7FFF_FFFF
_MAX_NARROW_BYTES = 0xFFFF_FFFF
_VIDEO = 0
_NOTHING_MORE = About()
Piece = bytes | memoryview
"""Of a file: what passes through is not copied on its way."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A range of a part's bytes."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Run:
    """Samples of one track that lie together in the file: one entry of its chunk table."""

    track: int
    samples: int
    length: int


@dataclass(frozen=True, slots=True)
class Stitch:
    """A file about to be written: its first bytes, and the order of what follows them."""

    head: bytes
    """ftyp, moov and the header of mdat."""
    runs: tuple[Run, ...]
    frames: int
    size_bytes: int


def media_extents(track: Track) -> list[Extent]:
    """Where a part's samples lie, neighbours joined, in the order of both samples and bytes."""
    ends = array("Q", map(add, track.offsets, track.sizes))
    breaks = [i for i in range(1, len(ends)) if track.offsets[i] != ends[i - 1]]
    edges = [0, *breaks, len(ends)]
    extents = [Extent(track.offsets[a], ends[b - 1] - track.offsets[a]) for a, b in pairwise(edges)]
    if any(later.offset < earlier.end for earlier, later in pairwise(extents)):
        raise PartMismatch("has samples that do not lie in the file in their own order")
    return extents


def read_media(source: ByteSource, track: Track) -> Iterator[bytes]:
    """A part's samples in order, in blocks."""
    for extent in media_extents(track):
        for at in range(extent.offset, extent.end, BLOCK_BYTES):
            yield read_exactly(source, at, min(BLOCK_BYTES, extent.end - at))


def plan_stitch(
    parts: Sequence[Track],
    frame_ticks: int,
    audio: tuple[Movie, Track] | None = None,
    about: About = _NOTHING_MORE,
    texts: Sequence[tuple[Movie, Track]] = (),
) -> Stitch:
    """Lay out the file made of `parts`, each checked by `check_grid`, at most one audio, and
    captions (`text_track`)."""
    joined = join_video(parts, frame_ticks)
    beside = [*([audio] if audio else []), *texts]
    runs = _interleaved(joined, [track for _, track in beside])
    timescale = joined.first.timescale
    if audio is not None:
        timescale = _common_timescale(timescale, audio[0].timescale)
    chunks: list[list[int]] = [[] for _ in range(1 + len(beside))]
    for run in runs:
        chunks[run.track].append(run.samples)
    tracks = [video_tables(joined, timescale, chunks[_VIDEO])]
    for number, (movie, track) in enumerate(beside, start=1):
        tracks.append(further_tables(number + 1, track, movie.timescale, timescale, chunks[number]))
    head = _head(tracks, runs, timescale, about)
    media_bytes = sum(run.length for run in runs)
    return Stitch(head, tuple(runs), joined.frames, len(head) + media_bytes)


def stitched(plan: Stitch, video: Iterable[Piece], *further: Iterable[Piece]) -> Iterator[Piece]:
    """The file's bytes. `video` and `further` are the tracks' samples, in blocks of any size."""
    yield plan.head
    streams = [Blocks(video), *map(Blocks, further)]
    for run in plan.runs:
        yield from streams[run.track].take(run.length)
    for stream in streams:
        stream.finish()


class Blocks:
    """Bytes that come in blocks of one size and are taken in another."""

    def __init__(self, blocks: Iterable[Piece]) -> None:
        self._blocks = iter(blocks)
        self._block = memoryview(b"")

    def take(self, length: int) -> Iterator[memoryview]:
        while length:
            if not self._block:
                self._block = memoryview(self._next_block())
            piece = self._block[:length]
            self._block = self._block[len(piece) :]
            length -= len(piece)
            yield piece

    def finish(self) -> None:
        """Take the end, too: what makes the blocks may check them once all are made."""
        if self._block or any(self._blocks):
            raise PartMismatch("has more bytes of media than its tables say")

    def _next_block(self) -> Piece:
        for block in self._blocks:
            if block:
                return block
        raise PartMismatch("has fewer bytes of media than its tables say")


def _interleaved(joined: JoinedVideo, further: Sequence[Track]) -> list[Run]:
    """Runs of each track in turn, by decoding time."""
    runs = list(_video_runs(joined))
    for number, track in enumerate(further, start=1):
        runs.extend(_runs(number, track.dts, track.timescale, track.sizes))
    return [run for _, run in sorted(runs, key=lambda placed: placed[0])]


def _video_runs(joined: JoinedVideo) -> Iterator[tuple[int, Run]]:
    """What `_runs` would make of the pictures, without a look at each: frame n decodes at
    n * frame_ticks."""
    timescale, step = joined.first.timescale, joined.frame_ticks * RUNS_PER_S
    first = 0
    while first < joined.frames:
        period = first * step // timescale
        end = min(-(-(period + 1) * timescale // step), joined.frames)
        yield period, Run(_VIDEO, end - first, sum(joined.sizes[first:end]))
        first = end


def _runs(
    track: int, dts: Sequence[int], timescale: int, sizes: "array[int]"
) -> Iterator[tuple[int, Run]]:
    """(period, the track's samples in it), a period being 1 / RUNS_PER_S."""
    first = 0
    for period, times in groupby(dts, key=lambda ticks: ticks * RUNS_PER_S // timescale):
        samples = len(list(times))
        yield period, Run(track, samples, sum(sizes[first : first + samples]))
        first += samples


def _common_timescale(video: int, audio_movie: int) -> int:
    """A movie timescale in which both tracks' edits are whole numbers, where there is one."""
    common = lcm(video, audio_movie)
    return common if common <= _MAX_TIMESCALE else video


def _head(
    tracks: Sequence[TrackTables], runs: Sequence[Run], timescale: int, about: About
) -> bytes:
    """Everything before the media data; its own length decides where the samples lie."""
    media_bytes = sum(run.length for run in runs)
    mdat = mdat_header(media_bytes)
    samples = [SampleTables.of(track) for track in tracks]

    def tables(base: int, *, wide: bool) -> bytes:
        offsets = [array("Q" if wide else "I") for _ in tracks]
        for run in runs:
            offsets[run.track].append(base)
            base += run.length
        tags = about.user_data
        made = moov(tracks, offsets, timescale, wide=wide, user_data=tags, samples=samples)
        return about.file_type + made

    # A first try with offsets from 0 tells the tables' length, which no offset changes.
    wide = media_bytes > _MAX_NARROW_BYTES - MAX_MOOV_BYTES
    base = len(tables(0, wide=wide)) + len(mdat)
    return tables(base, wide=wide) + mdat
