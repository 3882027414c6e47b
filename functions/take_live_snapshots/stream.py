"""Finding a live stream and its newest end. Playlists are read here; ffmpeg never sees one."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from functions.shared.errors import (
    SourceEncrypted,
    SourceHasNoVideo,
    SourceNotMedia,
    SourceUnreachable,
    StreamEnded,
    StreamNotUp,
    StreamStalled,
    TransientError,
)
from functions.shared.hls import (
    MOST_BYTES,
    Master,
    Media,
    Piece,
    PlaylistMalformed,
    Variant,
    is_playlist,
    parse_playlist,
)
from functions.shared.web import bare
from functions.shared.web_reading import Answer, Reader, pour
from functions.take_live_snapshots.edge import Edge

_HEAD_BYTES = 16
_STALLED_TARGETS = 3
"""A live playlist changes at least once in one and a half target durations."""
_LONGEST_TARGET_S = 20.0
_SHORTEST_TARGET_S = 1.0
_LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True)
class Clock:
    """Seconds since the epoch, and a way to let them pass."""

    now_s: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Playlist:
    """A stream in segments."""

    url: str
    """Of the one that names segments."""


def find_stream(reader: Reader, source: str, width: int) -> Playlist | Answer:
    """What is at the source: a playlist, or the body of a stream that is one long answer.

    `width`: of the widest picture that is wanted. Raises SourceNotMedia, StreamEnded, and what
    reading raises.
    """
    answer = reader.open(Piece(source))
    if not is_playlist(answer.peek(_HEAD_BYTES)):
        if answer.promised_bytes is None:
            return answer
        answer.close()
        raise StreamEnded(
            f"{bare(source)} is a file of {answer.promised_bytes} bytes and no live stream; ask for"
            " snapshots of it instead."
        )
    found = _parse(answer)
    return Playlist(_variant(found, width).url if isinstance(found, Master) else source)


def next_edge(reader: Reader, playlist: Playlist, clock: Clock) -> Edge:
    """Wait until the stream has moved, so that a picture of it is of now.

    Raises StreamEnded, StreamStalled (nothing new for three target durations), StreamNotUp (no
    segment yet), SourceEncrypted, SourceNotMedia, and what reading raises.
    """
    began_s = clock.now_s()
    first = _read(reader, playlist)
    if first.ended:
        raise StreamEnded(f"The stream {bare(playlist.url)} has ended (EXT-X-ENDLIST).")
    target_s = min(max(first.target_s, _SHORTEST_TARGET_S), _LONGEST_TARGET_S)
    why: Exception | None = None
    while clock.now_s() - began_s < _STALLED_TARGETS * target_s:
        clock.sleep(min(target_s / 4, _LONGEST_PAUSE_S))
        try:
            media = _read(reader, playlist)
        except (SourceUnreachable, TransientError) as error:
            why = error
            continue
        if _newest(media) != _newest(first) and media.segments:
            return Edge(media.segments, clock.now_s(), media.ended)
        if media.ended:
            return Edge(media.segments, began_s, ended=True)
    if not first.segments:
        raise StreamNotUp(f"The playlist {bare(playlist.url)} names no segment yet.")
    raise StreamStalled(
        f"The stream {bare(playlist.url)} stands still: {why}"
        if why
        else f"The stream {bare(playlist.url)} stands still: no new segment came in"
        f" {_STALLED_TARGETS * target_s:g} s."
    )


def _read(reader: Reader, playlist: Playlist) -> Media:
    found = _parse(reader.open(Piece(playlist.url)))
    if isinstance(found, Master):
        raise SourceNotMedia(
            f"The playlist {bare(playlist.url)}, named by another, names playlists itself; it must"
            " name segments."
        )
    if found.encrypted:
        raise SourceEncrypted(
            f"The playlist {bare(playlist.url)} names encrypted segments (EXT-X-KEY)."
        )
    return found


def _parse(answer: Answer) -> Master | Media:
    try:
        text = b"".join(pour(answer, Piece(answer.url), MOST_BYTES)).decode("utf-8", "replace")
        return parse_playlist(text, answer.url)
    except PlaylistMalformed as error:
        raise SourceNotMedia(f"{bare(answer.url)} can't be read: {error}") from error
    finally:
        answer.close()


def _newest(media: Media) -> tuple[int, str] | None:
    if not media.segments:
        return None
    last = media.segments[-1]
    return last.sequence, last.piece.url


def _variant(master: Master, width: int) -> Variant:
    """The smallest that is as wide as the pictures are to be, else the largest."""
    if master.encrypted:
        raise SourceEncrypted(
            "The stream's playlist says that it is encrypted (EXT-X-SESSION-KEY)."
        )
    wide = [variant for variant in master.variants if variant.width >= width]
    if wide:
        return min(wide, key=lambda variant: (variant.width, variant.height, variant.bandwidth))
    best = master.best()
    if not best.width and best.codecs and not any(map(_is_picture, best.codecs.split(","))):
        raise SourceHasNoVideo("The stream has sound only.")
    return best


def _is_picture(codec: str) -> bool:
    return not codec.strip().startswith(("mp4a", "ac-3", "ec-3", "opus", "fLaC", "stpp", "wvtt"))
