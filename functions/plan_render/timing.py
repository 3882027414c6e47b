"""Where a source's streams begin and end, and how its pictures are spaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from functions.plan_render.rates import measure
from functions.shared.errors import SourceTooLarge, SourceTruncated

_HEAD_S = 10
_HEAD_PACKETS = 700
_HEAD_BYTES = 32 << 20
_TAIL_S = 10
_RESERVED = {0, 3}
_MATRIX_RGB = 0
_MATRIX_RESERVED = 3
_EARLY_S = Fraction(1)
"""A file that declares its length may end this much before it (a last subtitle, rounding)."""
_DECLARES_LENGTH = ("matroska", "asf", "flv", "avi")


@dataclass(frozen=True)
class Head:
    """What the first seconds show."""

    rate: Fraction | None
    picture: "Picture | None"
    """None: no frame could be decoded."""
    encrypted: bool


@dataclass(frozen=True)
class Picture:
    """What the first decoded frame tells."""

    rotation_deg: int
    colours_valid: bool


@dataclass(frozen=True)
class Ends:
    """Where the streams used end, on the source's timestamps."""

    video_s: Fraction
    audio_s: Fraction | None


def read_head(container: InputContainer, video: VideoStream) -> Head:
    """Demux the first seconds and decode the first frame."""
    video.codec_context.thread_count = 1
    times: list[int] = []
    picture, encrypted, read_bytes = None, False, 0
    for number, packet in enumerate(_packets(container, video)):
        read_bytes += packet.size
        encrypted = encrypted or packet.has_sidedata("encryption_info")
        if packet.pts is not None and packet.size:
            times.append(packet.pts)
        if picture is None and not encrypted:
            picture = _picture(packet)
        long = read_bytes > _HEAD_BYTES or _span_s(times, video) > _HEAD_S
        enough = picture is not None and (long or number >= _HEAD_PACKETS)
        if encrypted or enough or number >= 2 * _HEAD_PACKETS:
            break
    indexed = [e.timestamp for e in video.index_entries] if _has_whole_index(video) else []
    return Head(measure(sorted(indexed or times), _tick_s(video)), picture, encrypted)


def _span_s(times: list[int], stream: Stream) -> Fraction:
    return (times[-1] - times[0]) * _tick_s(stream) if times else Fraction(0)


def _picture(packet: "Packet[VideoStream]") -> Picture | None:
    """The first frame, where this packet yields one."""
    try:
        frames = packet.decode()
    except FFmpegError:
        return None
    return Picture(frames[0].rotation, _colours_valid(frames[0])) if frames else None


def _colours_valid(frame: VideoFrame) -> bool:
    """Whether the tags are values of H.273: 0 and 3 are reserved, as is RGB on other pictures."""
    tags = (int(frame.color_primaries), int(frame.color_trc))
    rgb = frame.colorspace == _MATRIX_RGB and not frame.format.is_rgb
    return _RESERVED.isdisjoint(tags) and frame.colorspace != _MATRIX_RESERVED and not rgb


def _packets(container: InputContainer, *streams: VideoStream) -> "Iterator[Packet[VideoStream]]":
    """Packets of the streams (of all, without any) to the end; damage ends the reading, too."""
    try:
        yield from container.demux(*streams)  # type: ignore[misc] # without any: of all kinds
    except av.error.InvalidDataError:
        return


def end_of(
    container: InputContainer,
    video: VideoStream,
    audio: AudioStream | None,
    *,
    rate: Fraction,
    scan_bytes: int,
) -> Ends:
    """Where the streams end: an MP4's index says it; of others the tail is read."""
    if _has_whole_index(video) and (audio is None or _has_whole_index(audio)):
        return Ends(_declared_end(video), _declared_end(audio) if audio is not None else None)
    scan = _Scan(video, audio, Fraction(1) / rate)
    declared_s = Fraction(container.duration, av.time_base) if container.duration else None
    start_s = container_starts_at(container)
    if declared_s is not None and declared_s > _TAIL_S:
        _seek(container, start_s + declared_s - _TAIL_S)
        scan.read(container, scan_bytes)
    if scan.video_s is None or declared_s is None or declared_s <= _TAIL_S:
        _seek(container, start_s)
        scan.read(container, scan_bytes)
    if scan.video_s is None:
        raise SourceTruncated("has no picture that could be read")
    if declared_s is not None and container.format.name.startswith(_DECLARES_LENGTH):
        last_s = scan.last_s or Fraction(0)
        if last_s - start_s < declared_s - max(_EARLY_S, declared_s / 50):
            raise SourceTruncated(
                f"is cut short: its header says {float(declared_s):.2f} s and it ends after"
                f" {float(last_s - start_s):.2f} s"
            )
    return Ends(scan.video_s, scan.audio_s)


class _Scan:
    """The latest end seen of each stream used, and of any stream."""

    def __init__(self, video: VideoStream, audio: AudioStream | None, frame_s: Fraction) -> None:
        self.video, self.audio, self.frame_s = video, audio, frame_s
        self.video_s: Fraction | None = None
        self.audio_s: Fraction | None = None
        self.last_s: Fraction | None = None

    def read(self, container: InputContainer, most_bytes: int) -> None:
        """Demux from where the container stands to its end."""
        read_bytes = 0
        for packet in _packets(container):
            read_bytes += packet.size
            if read_bytes > most_bytes:
                raise SourceTooLarge(
                    f"does not say how long it is, and more than {most_bytes:,} bytes would have"
                    " to be read to find its end"
                )
            if packet.pts is not None and packet.size:
                self._note(packet)

    def _note(self, packet: "Packet[VideoStream]") -> None:
        lasts_s = packet.duration * packet.time_base if packet.duration else Fraction(0)
        start_s = (packet.pts or 0) * packet.time_base
        if packet.stream_index == self.video.index:
            self.video_s = _later(self.video_s, start_s + (lasts_s or self.frame_s))
        elif self.audio is not None and packet.stream_index == self.audio.index:
            self.audio_s = _later(self.audio_s, start_s + lasts_s)
        self.last_s = _later(self.last_s, start_s + lasts_s)


def _later(known: Fraction | None, seen: Fraction) -> Fraction:
    return seen if known is None else max(known, seen)


def _seek(container: InputContainer, at_s: Fraction) -> None:
    container.seek(int(at_s * av.time_base), backward=True)


def _has_whole_index(stream: Stream) -> bool:
    """Only an MP4 that is not fragmented lists every sample in its header."""
    return "mp4" in stream.container.format.name and stream.frames > 0 and bool(stream.duration)


def _declared_end(stream: Stream) -> Fraction:
    return starts_at(stream) + (stream.duration or 0) * _tick_s(stream)


def container_starts_at(container: InputContainer) -> Fraction:
    """What ffmpeg's `-ss` counts from."""
    return Fraction(container.start_time or 0, av.time_base)


def starts_at(stream: Stream) -> Fraction:
    """A stream's first timestamp, in seconds."""
    return (stream.start_time or 0) * _tick_s(stream)


def _tick_s(stream: Stream) -> Fraction:
    return stream.time_base or Fraction(1, av.time_base)
