"""What of an HLS playlist is brought in: which variant, which segments, in which runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from functions.shared.errors import (
    SourceEmpty,
    SourceEncrypted,
    SourceIsLive,
    SourceNotMedia,
    SourceTooLarge,
)
from functions.shared.hls import (
    MOST_BYTES,
    Master,
    Media,
    Piece,
    PlaylistMalformed,
    Segment,
    parse_playlist,
)
from functions.shared.web import bare
from functions.shared.web_reading import Answer, Reader, pour

_MOST_SEGMENTS = 50_000
"""Six hours in half seconds; each is a request."""


@dataclass(frozen=True)
class Run:
    """Pieces whose bytes, one after the other, are a media file."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Film:
    """What is read of a playlist."""

    main: tuple[Run, ...]
    sound: tuple[Run, ...] | None
    """As many as of `main`, where its sound is a rendition of its own."""

    @property
    def is_one_file(self) -> bool:
        return self.sound is None and len(self.main) == 1


def read_film(reader: Reader, answer: Answer, max_duration_s: float) -> Film:
    """The film of the playlist that `answer` is the body of.

    Raises SourceNotMedia (malformed, or of a kind that is not read), SourceIsLive, SourceEncrypted,
    SourceTooLarge, SourceEmpty, and what reading raises.
    """
    found = _parse(answer, Piece(answer.url))
    if isinstance(found, Media):
        return Film(_runs(_whole(found, answer.url, max_duration_s)), None)
    variant = found.best()
    main = _runs(_read_whole(reader, variant.url, max_duration_s))
    apart = found.sound_of(variant)
    if apart is None or apart.url is None:
        return Film(main, None)
    sound = _runs(_read_whole(reader, apart.url, max_duration_s))
    if len(sound) != len(main):
        raise SourceNotMedia(
            f"The playlist {bare(answer.url)} can't be read: its pictures have {len(main) - 1}"
            f" discontinuities and its sound {len(sound) - 1}; they must have the same."
        )
    return Film(main, sound)


def _read_whole(reader: Reader, url: str, max_duration_s: float) -> Sequence[Segment]:
    answer = reader.open(Piece(url))
    found = _parse(answer, Piece(url))
    if isinstance(found, Master):
        raise SourceNotMedia(
            f"The playlist {bare(url)}, named by another, names playlists itself; it must name"
            " segments."
        )
    return _whole(found, url, max_duration_s)


def _parse(answer: Answer, piece: Piece) -> Master | Media:
    try:
        text = b"".join(pour(answer, piece, MOST_BYTES)).decode("utf-8", "replace")
        return parse_playlist(text, answer.url)
    except PlaylistMalformed as error:
        raise SourceNotMedia(f"{bare(answer.url)} can't be read: {error}") from error
    finally:
        answer.close()


def _whole(found: Media, url: str, max_duration_s: float) -> Sequence[Segment]:
    """The segments of a playlist that holds a whole film in the clear."""
    name = f"The playlist {bare(url)}"
    if not found.ended:
        raise SourceIsLive(
            f"{name} is of a live stream (it has no EXT-X-ENDLIST); of such a stream snapshots can"
            " be taken, and it can be rendered once it has ended."
        )
    if found.encrypted:
        raise SourceEncrypted(f"{name} names encrypted segments (EXT-X-KEY); send it in the clear.")
    if found.key_frames_only:
        raise SourceNotMedia(f"{name} names key frames only; name one of whole segments.")
    length_s = sum(segment.duration_s for segment in found.segments)
    if length_s > max_duration_s:
        raise SourceTooLarge(
            f"{name} is {length_s:,.0f} s long; {max_duration_s:,.0f} s are allowed."
        )
    if len(found.segments) > _MOST_SEGMENTS:
        raise SourceTooLarge(
            f"{name} has {len(found.segments):,} segments; {_MOST_SEGMENTS:,} are allowed."
        )
    there = [segment for segment in found.segments if not segment.is_gap]
    if not there:
        raise SourceEmpty(f"{name} names no segment.")
    return there


def _runs(segments: Sequence[Segment]) -> tuple[Run, ...]:
    """Cut where timestamps or coding start anew."""
    starts = [
        number
        for number, (before, segment) in enumerate(pairwise(segments), 1)
        if segment.discontinuity or segment.init != before.init
    ]
    edges = [0, *starts, len(segments)]
    return tuple(Run(tuple(_pieces(segments[a:b]))) for a, b in pairwise(edges))


def _pieces(segments: Sequence[Segment]) -> Iterator[Piece]:
    if segments[0].init is not None:
        yield segments[0].init
    yield from (segment.piece for segment in segments)
