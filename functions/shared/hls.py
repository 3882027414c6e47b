"""HLS playlists as values: what a stranger's text names, in absolute addresses. Nothing is read.

Addresses are joined, not judged: whoever reads one asks `web` first. Times are in seconds.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from functions.shared.errors import ReelwrightError

MOST_BYTES = 8 << 20
"""Of a playlist's text: a day in segments of two seconds with long addresses."""
_LONGEST_LINE = 8192
_MARK = "#EXTM3U"
_PARSER_FAULTS = (ValueError, KeyError, OverflowError)
"""What the parser lets out of a text that is no playlist."""
_NOT_ENCRYPTED = {"", "NONE"}


class PlaylistMalformed(ReelwrightError):  # noqa: N818 - as the other errors are named
    """The text is no HLS playlist, or one that says what can't be."""


@dataclass(frozen=True)
class Piece:
    """Bytes to read: a whole resource, or a range of one."""

    url: str
    start: int = 0
    length: int | None = None
    """None: to its end."""

    @property
    def is_range(self) -> bool:
        return self.length is not None


@dataclass(frozen=True)
class Segment:
    """A stretch of media."""

    piece: Piece
    sequence: int
    duration_s: float
    init: Piece | None = None
    """What a fragmented MP4's segment needs before it."""
    discontinuity: bool = False
    """Its timestamps or its coding don't follow those of the segment before."""
    is_gap: bool = False
    """The server doesn't have it."""
    encrypted: bool = False
    program_date: datetime | None = None
    """When its first frame was, where the playlist says."""


@dataclass(frozen=True)
class Media:
    """A playlist of segments."""

    segments: tuple[Segment, ...]
    ended: bool
    """No segment will be added any more; else it is live."""
    target_s: float
    """No segment is longer; how often a live playlist is worth reading again."""
    key_frames_only: bool

    @property
    def encrypted(self) -> bool:
        return any(segment.encrypted for segment in self.segments)


@dataclass(frozen=True)
class Variant:
    """One way the whole film is offered."""

    url: str
    bandwidth: int
    """Bits a second."""
    width: int = 0
    height: int = 0
    """0 where the playlist doesn't say."""
    codecs: str = ""
    sound_group: str | None = None


@dataclass(frozen=True)
class Sound:
    """A rendition of sound. Without an address its sound is in the variants' own segments."""

    group: str
    url: str | None
    name: str
    language: str | None
    is_default: bool


@dataclass(frozen=True)
class Master:
    """A playlist of playlists."""

    variants: tuple[Variant, ...]
    sounds: tuple[Sound, ...]
    encrypted: bool

    def best(self, most_pixels: int | None = None) -> Variant:
        """The largest picture, then the most bits; of those that are not over `most_pixels` where
        there are any, else the smallest."""
        allowed = [
            variant
            for variant in self.variants
            if most_pixels is None or variant.width * variant.height <= most_pixels
        ]
        if not allowed:
            return min(self.variants, key=_quality)
        return max(allowed, key=_quality)

    def sound_of(self, variant: Variant) -> Sound | None:
        """What is heard with a variant unless somebody chooses: the default, else the first."""
        group = [sound for sound in self.sounds if sound.group == variant.sound_group]
        return max(group, key=lambda sound: sound.is_default, default=None)


def is_playlist(head: bytes) -> bool:
    """Whether a file that begins so is an HLS playlist."""
    return head.removeprefix(b"\xef\xbb\xbf").startswith(_MARK.encode())


def parse_playlist(text: str, url: str) -> Master | Media:
    """The playlist that was read from `url`. Raises PlaylistMalformed."""
    text = text.removeprefix("\ufeff")
    if not text.startswith(_MARK):
        raise PlaylistMalformed(f"A playlist begins with {_MARK}.")
    if "#EXT-X-DEFINE" in text:
        raise PlaylistMalformed("The playlist uses variables (EXT-X-DEFINE), which are not read.")
    if any(len(line) > _LONGEST_LINE for line in text.splitlines()):
        raise PlaylistMalformed(f"A line of the playlist is longer than {_LONGEST_LINE} letters.")
    import m3u8  # noqa: PLC0415 - few sources are playlists, and every plan would load it

    try:
        data = m3u8.parse(text)
        return _master(data, url) if data["is_variant"] else _media(data, url)
    except _PARSER_FAULTS as error:
        raise PlaylistMalformed(f"The playlist is malformed: {error!r:.80}.") from None


def _master(data: Mapping[str, Any], url: str) -> Master:
    variants = tuple(_variant(found, url) for found in data["playlists"])
    if not variants:
        raise PlaylistMalformed("The playlist names no variant.")
    sounds = tuple(_sound(each, url) for each in data["media"] if each.get("type") == "AUDIO")
    return Master(variants, sounds, any(map(_is_encrypted, data["session_keys"])))


def _variant(found: Mapping[str, Any], url: str) -> Variant:
    info = found["stream_info"]
    width, _, height = str(info.get("resolution", "0x0")).lower().partition("x")
    return Variant(
        url=urljoin(url, found["uri"]),
        bandwidth=info.get("bandwidth", 0),
        width=int(width),
        height=int(height),
        codecs=info.get("codecs", ""),
        sound_group=info.get("audio"),
    )


def _quality(variant: Variant) -> tuple[int, int]:
    return variant.width * variant.height, variant.bandwidth


def _sound(found: Mapping[str, Any], url: str) -> Sound:
    own = found.get("uri")
    return Sound(
        group=found["group_id"],
        url=urljoin(url, own) if own else None,
        name=found.get("name", ""),
        language=found.get("language"),
        is_default=found.get("default") == "YES",
    )


def _media(data: Mapping[str, Any], url: str) -> Media:
    first = data["media_sequence"] or 0
    segments = tuple(_segments(data["segments"], first, url))
    if not segments and "targetduration" not in data:
        raise PlaylistMalformed("The playlist names neither segments nor variants.")
    longest_s = max((segment.duration_s for segment in segments), default=1.0)
    return Media(
        segments=segments,
        ended=data["is_endlist"],
        target_s=float(data.get("targetduration", longest_s)),
        key_frames_only=data["is_i_frames_only"],
    )


def _segments(found: list[Mapping[str, Any]], first: int, url: str) -> Iterator[Segment]:
    before: Piece | None = None
    named = (each for each in found if "uri" in each)  # a live one may end in parts of a segment
    for number, each in enumerate(named):
        piece = _piece(url, each["uri"], each.get("byterange"), before)
        init = each.get("init_section")
        yield Segment(
            piece=piece,
            sequence=first + number,
            duration_s=_duration(each.get("duration", 0.0)),
            init=_piece(url, init["uri"], init.get("byterange"), None) if init else None,
            discontinuity=each["discontinuity"],
            is_gap=bool(each["gap_tag"]),
            encrypted=_is_encrypted(each.get("key")),
            program_date=each.get("current_program_date_time"),
        )
        before = piece


def _piece(url: str, uri: str, byte_range: str | None, before: Piece | None) -> Piece:
    """A range without a start goes on where the one before it, of the same resource, ended."""
    target = urljoin(url, uri)
    if byte_range is None:
        return Piece(target)
    length, _, start = byte_range.partition("@")
    if start:
        first = int(start)
    elif before is not None and before.url == target and before.length is not None:
        first = before.start + before.length
    else:
        raise ValueError(f"the range {byte_range} of {uri:.40} has no start")
    if first < 0 or int(length) <= 0:
        raise ValueError(f"no bytes {byte_range}")
    return Piece(target, first, int(length))


def _duration(value: float) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"no duration {value}")
    return value


def _is_encrypted(key: Mapping[str, str] | None) -> bool:
    return key is not None and key.get("method", "") not in _NOT_ENCRYPTED
