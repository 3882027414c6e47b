"""The first seconds of a source: its first frames, decoded, and how its pictures are spaced."""

from dataclasses import dataclass
from fractions import Fraction

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from functions.plan_render.source.pictures import Picture, read_picture
from functions.plan_render.source.rates import measure
from functions.plan_render.source.timing import has_whole_index, packets, tick_s

_HEAD_S = 10
_HEAD_PACKETS = 700
_HEAD_BYTES = 32 << 20
_HEAD_FRAMES = 10
"""Decoded: a field order is not always right in the first one."""
_HEAD_PIXELS = 64 << 20
"""Decoded, after the first frame: two of 8K."""
_MUTE_PACKETS = 50
"""A decoder may want a few before it gives samples; one that wants so many gives none."""


@dataclass(frozen=True)
class Sound:
    """What the first decoded block of samples tells."""

    channels: int
    sample_rate: int


@dataclass
class Head:
    """What the first seconds show."""

    rate: Fraction | None = None
    picture: Picture | None = None
    """None: no frame could be decoded."""
    sound: Sound | None = None
    encrypted: bool = False
    frames: int = 0
    """Decoded."""
    first_s: Fraction | None = None
    """Of those frames: a stream of fields can say that it begins later than its first frame."""
    pixels: int = 0
    """Of those frames."""
    interlaced_frames: int = 0
    mute_packets: int = 0
    """Of sound, before the first that could be decoded."""
    whole: bool = False
    """The source ended within."""

    @property
    def audible(self) -> bool:
        """Whether the sound can be decoded, or begins later."""
        return self.sound is not None or (not self.whole and self.mute_packets < _MUTE_PACKETS)

    @property
    def interlaced(self) -> bool:
        return 2 * self.interlaced_frames > self.frames


def read_head(
    container: InputContainer, video: VideoStream | None, audio: AudioStream | None
) -> Head:
    """Demux the first seconds of the streams and decode their first frames."""
    head, times = Head(), list[int]()
    main = video or audio
    streams = [stream for stream in (video, audio) if stream is not None]
    for stream in streams:
        stream.codec_context.thread_count = 1
    number, read_bytes = 0, 0
    for packet in packets(container, *streams):
        head.encrypted = head.encrypted or packet.has_sidedata("encryption_info")
        if head.encrypted:
            break
        if isinstance(packet.stream, AudioStream):
            _hear(head, packet)
        else:
            _look(head, packet)
        if packet.stream is not main:
            continue
        number, read_bytes = number + 1, read_bytes + packet.size
        if packet.pts is not None and packet.size:
            times.append(packet.pts)
        long = read_bytes > _HEAD_BYTES or _span_s(times, main) > _HEAD_S
        known = head.picture is not None if video is not None else head.sound is not None
        if (known and (long or number >= _HEAD_PACKETS)) or number >= 2 * _HEAD_PACKETS:
            break
    else:
        head.whole = True
    if video is not None:
        indexed = [e.timestamp for e in video.index_entries] if has_whole_index(video) else []
        head.rate = measure(sorted(indexed or times), tick_s(video))
    return head


def _span_s(times: list[int], stream: Stream) -> Fraction:
    return (times[-1] - times[0]) * tick_s(stream) if times else Fraction(0)


def _look(head: Head, packet: "Packet[VideoStream]") -> None:
    """Decode, as long as frames are wanted."""
    if head.frames >= _HEAD_FRAMES or head.pixels >= _HEAD_PIXELS:
        return
    try:
        frames = packet.decode()
    except FFmpegError:
        return
    for frame in frames:
        head.picture = head.picture or read_picture(frame, packet)
        head.frames += 1
        if frame.pts is not None and frame.time_base is not None:
            at_s = frame.pts * frame.time_base
            head.first_s = at_s if head.first_s is None else min(head.first_s, at_s)
        head.pixels += frame.width * frame.height
        head.interlaced_frames += frame.interlaced_frame


def _hear(head: Head, packet: "Packet[AudioStream]") -> None:
    if head.sound is not None:
        return
    try:
        frames = packet.decode()
    except FFmpegError:
        frames = []
    if frames:
        head.sound = Sound(frames[0].layout.nb_channels, frames[0].sample_rate)
    else:
        head.mute_packets += 1
