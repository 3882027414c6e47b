"""Where a source's streams begin and end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from functions.shared.errors import SourceTooLarge, SourceTruncated

_TAIL_S = 10
_EARLY_S = Fraction(1)
"""A file that declares its length may end this much before it (a last subtitle, rounding)."""
_MOST_GAPS = 1000
"""Pieces of 64 KiB."""
_DECLARES_LENGTH = ("matroska", "asf", "flv", "avi", "wav", "flac")
_GUESSES_TIMES = ("mp3", "aac", "amr", "ac3", "eac3")
"""Bare frames of sound: what they say after a seek is reckoned from the bitrate."""


@dataclass(frozen=True)
class Ends:
    """Where the streams used end, on the source's timestamps."""

    video_s: Fraction | None
    audio_s: Fraction | None


def packets(container: InputContainer, *streams: Stream) -> "Iterator[Packet[Any]]":
    """Packets of the streams (of all, without any) to the end; damage ends the reading, too."""
    for _ in range(_MOST_GAPS):
        try:
            yield from container.demux(*streams)
        except av.error.BlockingIOError:
            continue  # MPEG-TS: bytes that are none, which are passed over piece by piece.
        except av.error.InvalidDataError:
            return
        else:
            return


def end_of(
    container: InputContainer,
    video: VideoStream | None,
    audio: AudioStream | None,
    *,
    rate: Fraction,
    scan_bytes: int,
    whole: bool,
    reopen: Callable[[], InputContainer],
) -> Ends:
    """Where the streams end: an MP4's index says it; of others the tail is read. `reopen` opens the
    source anew: not every file that can be read can be sought in, be it to its start.

    What ends before its header says was cut short (SourceTruncated), unless it is `whole`.
    """
    used = [stream for stream in (video, audio) if stream is not None]
    if all(_tells_its_end(stream) for stream in used):
        return Ends(
            _declared_end(video) if video is not None else None,
            _declared_end(audio) if audio is not None else None,
        )
    scan = _Scan(video, audio, Fraction(1) / rate)
    declared_s = Fraction(container.duration, av.time_base) if container.duration else None
    start_s = container_starts_at(container)
    last_s = _last_indexed(used) or (declared_s and start_s + declared_s)
    seekable = container.format.name not in _GUESSES_TIMES
    if seekable and last_s is not None and last_s - start_s > _TAIL_S:
        with suppress(av.error.PermissionError):
            container.seek(int((last_s - _TAIL_S) * av.time_base), backward=True)
            scan.read(container, scan_bytes)
    if not scan.found:
        with reopen() as again:
            scan.read(again, scan_bytes)
    if not scan.found:
        raise SourceTruncated(f"has no {'picture' if video else 'sound'} that could be read")
    if not whole and declared_s and container.format.name.startswith(_DECLARES_LENGTH):
        last_s = scan.last_s or Fraction(0)
        if last_s - start_s < declared_s - max(_EARLY_S, declared_s / 50):
            raise SourceTruncated(
                f"is cut short: its header says {float(declared_s):.2f} s and it ends after"
                f" {float(last_s - start_s):.2f} s"
            )
    return Ends(scan.video_s, scan.audio_s)


class _Scan:
    """The latest end seen of each stream used, and of any stream."""

    def __init__(
        self, video: VideoStream | None, audio: AudioStream | None, frame_s: Fraction
    ) -> None:
        self.video, self.audio, self.frame_s = video, audio, frame_s
        self.video_s: Fraction | None = None
        self.audio_s: Fraction | None = None
        self.last_s: Fraction | None = None

    @property
    def found(self) -> bool:
        return (self.audio_s if self.video is None else self.video_s) is not None

    def read(self, container: InputContainer, most_bytes: int) -> None:
        """Demux from where the container stands to its end."""
        read_bytes = 0
        for packet in packets(container):
            read_bytes += packet.size
            if read_bytes > most_bytes:
                raise SourceTooLarge(
                    f"does not say how long it is, and more than {most_bytes:,} bytes would have"
                    " to be read to find its end"
                )
            if packet.pts is not None and packet.size and not packet.is_discard:
                self._note(packet)

    def _note(self, packet: "Packet[Any]") -> None:
        lasts_s = packet.duration * packet.time_base if packet.duration else Fraction(0)
        start_s = (packet.pts or 0) * packet.time_base
        if self.video is not None and packet.stream_index == self.video.index:
            # A single tick may stand for "unknown"; ffmpeg's grid does not believe it, either.
            known = packet.duration and (packet.duration > 1 or 2 * lasts_s >= self.frame_s)
            self.video_s = _later(self.video_s, start_s + (lasts_s if known else self.frame_s))
        elif self.audio is not None and packet.stream_index == self.audio.index:
            self.audio_s = _later(self.audio_s, start_s + lasts_s)
        self.last_s = _later(self.last_s, start_s + lasts_s)


def _later(known: Fraction | None, seen: Fraction) -> Fraction:
    return seen if known is None else max(known, seen)


def has_whole_index(stream: Stream) -> bool:
    """Only an MP4 that is not fragmented lists every sample in its header."""
    return "mp4" in stream.container.format.name and stream.frames > 0 and bool(stream.duration)


def _tells_its_end(stream: Stream) -> bool:
    """Whether an MP4's header and its table of samples agree about it."""
    if not has_whole_index(stream):
        return False
    last, usual = _last_and_usual(stream)
    apart_s = abs(_declared_end(stream) - (last + usual) * tick_s(stream))
    return apart_s <= max(_EARLY_S, 2 * usual * tick_s(stream))


def _last_indexed(used: Sequence[Stream]) -> Fraction | None:
    """The last sample in an MP4's tables, in seconds."""
    known = [_last_and_usual(each)[0] * tick_s(each) for each in used if has_whole_index(each)]
    return min(known, default=None)


def _declared_end(stream: Stream) -> Fraction:
    """By its duration; sound ends with its last packet (the start may be counted twice: once as the
    encoder's delay)."""
    end_s = starts_at(stream) + (stream.duration or 0) * tick_s(stream)
    if isinstance(stream, AudioStream) and len(stream.index_entries) > 1:
        last, usual = _last_and_usual(stream)
        return min(end_s, (last + usual) * tick_s(stream))
    return end_s


def _last_and_usual(stream: Stream) -> tuple[int, int]:
    """(where the last sample of an MP4's table begins, how long the one before it is), in ticks."""
    entries = stream.index_entries
    last = entries[len(entries) - 1].timestamp
    return last, last - entries[len(entries) - 2].timestamp if len(entries) > 1 else 0


def container_starts_at(container: InputContainer) -> Fraction:
    """What ffmpeg's `-ss` counts from."""
    return Fraction(container.start_time or 0, av.time_base)


def starts_at(stream: Stream) -> Fraction:
    """A stream's first timestamp, in seconds."""
    return (stream.start_time or 0) * tick_s(stream)


def tick_s(stream: Stream) -> Fraction:
    return stream.time_base or Fraction(1, av.time_base)
