"""A track's sample tables, expanded: one entry a sample."""

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from functions.shared.errors import PartMismatch
from functions.shared.mp4.boxes import Box, read_moov
from functions.shared.mp4.plain import Plain, channels, more_entry_bytes
from functions.shared.mp4.sample_tables import composition, read_samples, sync
from functions.shared.mp4.source import ByteSource

_MAX_EDITS = 64
_MAX_S = 10_000_000
ENTRY_HEADER_BYTES = {"vide": 78, "soun": 28}
"""Fixed fields of a sample entry, after its box header and before its boxes."""
_MEDIA_HEADERS = {"vmhd", "smhd", "nmhd"}
EMPTY_EDIT = -1


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of an edit list, normal speed."""

    duration: int
    """In the movie's timescale."""
    media_time: int
    """In the track's timescale; EMPTY_EDIT shows nothing."""


@dataclass(frozen=True, slots=True)
class Track:
    """What a trak box says. Times are in `timescale` ticks unless said otherwise."""

    kind: str
    """`vide`, `soun` or `sbtl` for those that matter here."""
    timescale: int
    duration: int
    sizes: "array[int]"
    offsets: "array[int]"
    """Of each sample in the file."""
    delta_runs: tuple[tuple[int, int], ...]
    """(samples, ticks each): the stts box as written."""
    dts: "array[int]"
    composition: "array[int]"
    """pts - dts of each sample, before the edit list."""
    sync: "array[int] | None"
    """Numbers, counted from 1, of the key frames; None: every sample is one."""
    edits: tuple[Edit, ...]
    description: Box
    """The stsd box, which holds exactly one sample entry."""
    config_sha256: str
    """Of the sample entry without its bit rates: equal where samples can follow each other."""
    sample_groups: bytes
    """The sgpd and sbgp boxes (AAC's roll distance)."""
    header: Box
    handler: Box
    media_header: bytes
    language: bytes
    plain: Plain | None = None
    """PCM: what is called a sample here is a group of them."""

    @property
    def data_end(self) -> int:
        """The end of the last sample in the file."""
        return max(map(int.__add__, self.offsets, self.sizes), default=0)

    @property
    def media_time(self) -> int:
        """The tick shown at time 0, or just after an initial gap."""
        return next((e.media_time for e in self.edits if e.media_time != EMPTY_EDIT), 0)

    @property
    def width(self) -> int:
        return self.sample_entry.number(24, 2)

    @property
    def height(self) -> int:
        return self.sample_entry.number(26, 2)

    @property
    def channels(self) -> int:
        return channels(self.sample_entry)

    @property
    def sample_entry(self) -> Box:
        return next(self.description.children(8))


@dataclass(frozen=True, slots=True)
class Movie:
    """A file's tables."""

    timescale: int
    tracks: tuple[Track, ...]
    tables_first: bool
    """The moov box stands before the media data: playback can start while downloading."""

    def tracks_of(self, kind: str) -> list[Track]:
        return [track for track in self.tracks if track.kind == kind]

    def seconds(self, edit: Edit) -> Fraction:
        return Fraction(edit.duration, self.timescale)


def read_movie(source: ByteSource) -> Movie:
    """Read a file's tables; every sample they name is inside the file."""
    moov, tables_first = read_moov(source)
    header = moov.require("mvhd")
    timescale = header.number(20 if header.number(0, 1) else 12, 4)
    traks = (box for box in moov.children() if box.kind == "trak")
    movie = Movie(timescale, tuple(_read_track(trak) for trak in traks), tables_first)
    if timescale == 0:
        raise PartMismatch("has a movie timescale of 0")
    for track in movie.tracks:
        _check_lengths(movie, track)
        if track.data_end > source.size_bytes:
            raise PartMismatch(
                f"is cut short: its last sample ends at byte {track.data_end}"
                f" of {source.size_bytes}"
            )
    return movie


def _check_lengths(movie: Movie, track: Track) -> None:
    """Times that 64 bits hold in any timescale, so that nothing later overflows."""
    lengths = [Fraction(track.duration, track.timescale), *map(movie.seconds, track.edits)]
    if max(lengths) > _MAX_S:
        raise PartMismatch(f"has a {track.kind} track of {float(max(lengths)):.0f} s")


def _read_track(trak: Box) -> Track:
    media = trak.require("mdia")
    table = media.require("minf", "stbl")
    media_header = media.require("mdhd")
    wide = media_header.number(0, 1) != 0
    kind = media.require("hdlr").payload(8, 4).decode("latin-1")
    description = table.require("stsd")
    samples = read_samples(table, description, kind)
    sizes, runs = samples.sizes, samples.runs
    timescale = media_header.number(20 if wide else 12, 4)
    if timescale == 0:
        raise PartMismatch(f"has a {kind} track with a timescale of 0")
    return Track(
        kind=kind,
        timescale=timescale,
        duration=media_header.number(24, 8) if wide else media_header.number(16, 4),
        sizes=sizes,
        offsets=samples.offsets,
        delta_runs=runs,
        dts=samples.dts,
        composition=composition(table.find("ctts"), len(sizes)),
        sync=sync(table.find("stss"), len(sizes)),
        edits=tuple(_edits(trak.find("edts", "elst"))),
        description=description,
        config_sha256=_config_hash(description, kind),
        sample_groups=b"".join(b.raw() for b in table.children() if b.kind in ("sgpd", "sbgp")),
        header=trak.require("tkhd"),
        handler=media.require("hdlr"),
        media_header=b"".join(
            box.raw() for box in media.require("minf").children() if box.kind in _MEDIA_HEADERS
        ),
        language=media_header.payload(32 if wide else 20, 2),
        plain=samples.plain,
    )


def _edits(box: Box | None) -> Iterator[Edit]:
    if box is None:
        return
    width = 8 if box.number(0, 1) else 4
    entry_bytes = 2 * width + 4
    count = box.entry_count(4, entry_bytes)
    if count > _MAX_EDITS:
        raise PartMismatch(f"has an edit list of {count} entries")
    for at in range(8, 8 + entry_bytes * count, entry_bytes):
        edit = Edit(box.number(at, width), box.number(at + width, width, signed=True))
        if edit.media_time < EMPTY_EDIT:
            raise PartMismatch(f"has an edit that begins at tick {edit.media_time}")
        yield edit


def _config_hash(description: Box, kind: str) -> str:
    """Hash of the only sample entry, without the btrt box, which differs from part to part."""
    entries = list(description.children(8))
    if len(entries) != 1 or description.number(4, 4) != 1:
        raise PartMismatch(
            f"has {len(entries)} codec configurations in one track"
            f" and says {description.number(4, 4)}, not 1"
        )
    [entry] = entries
    fixed_bytes = ENTRY_HEADER_BYTES.get(kind)
    if fixed_bytes is None:
        return hashlib.sha256(entry.raw()).hexdigest()
    if kind == "soun":
        fixed_bytes += more_entry_bytes(entry)
    digest = hashlib.sha256(entry.kind.encode("latin-1"))
    digest.update(entry.payload(0, fixed_bytes))
    for child in entry.children(fixed_bytes):
        if child.kind != "btrt":
            digest.update(child.raw())
    return digest.hexdigest()
