"""Reads all packets of a source and finds where its clock is set anew, or its sound's format is
another one."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from functions.plan_render.source.runs import BACK_S, Epoch, Follower, Seen, epochs
from functions.plan_render.source.sound_formats import TELLING, Format, sound_format
from functions.plan_render.source.streams import codec_name
from functions.plan_render.source.timing import packets

CLOCKED = ("mpegts", "mpeg")
CHANGING = (*CLOCKED, "mp3", "aac", "ac3", "eac3")
"""Containers whose files can be put one behind the other; of the others tables say what is in
them."""
_LESS_THAN_DAMAGE = Fraction(1, 10)
_HEAD_BYTES = 8
_PLACES = 200
_DAY_S = 86_400
"""What FFmpeg takes for a wrap is ahead by more."""
_EXAMPLES = 6
"""Packets; a decoder may want a few before it gives samples."""


@dataclass
class Scanned:
    """What all packets of the streams used tell."""

    epochs: list[Epoch]
    strays: Mapping[str, set[int]]
    """Numbers of packets whose times are damaged, by the stream's kind."""
    packets: Mapping[str, int]
    """How many there are, by the stream's kind."""
    formats: Counter[Format]
    """Of sound; how long each is heard, in ticks of the stream."""
    examples: Mapping[Format, list[bytes]]
    """The first packets of each."""

    @property
    def uneven(self) -> str:
        """What changes; a predicate, or nothing."""
        breaks, formats = len(self.epochs) - 1, len(self.formats)
        told = (
            f"sets its clock anew {_times(breaks)}" if breaks else "",
            f"has sound of {formats} formats" if formats > 1 else "",
        )
        return " and ".join(filter(None, told))


@dataclass
class _Track:
    """One stream, while it is read."""

    codec: str
    follower: Follower = field(default_factory=Follower)
    formats: Counter[Format] = field(default_factory=Counter)
    examples: dict[Format, list[bytes]] = field(default_factory=dict)
    number: int = 0
    usual: int = 0
    """How long its last packet with a length lasts, in ticks."""

    def see(self, packet: "Packet[Any]", place: int) -> None:
        seen = self.seen(packet, place)
        if seen is not None:
            self.follower.see(seen)

    def seen(self, packet: "Packet[Any]", place: int) -> Seen | None:
        self.number += 1
        self.usual = packet.duration or self.usual
        decoded = packet.dts if packet.dts is not None else packet.pts
        if decoded is None:
            return None
        shown = packet.pts if packet.pts is not None else decoded
        tick_s = packet.time_base
        return Seen(place, self.number - 1, decoded * tick_s, shown * tick_s, self.usual * tick_s)

    def hear(self, packet: "Packet[Any]") -> None:
        told = self._told(packet)
        if told is None:
            return
        self.formats[told] += packet.duration or 1
        kept = self.examples.setdefault(told, [])
        if len(kept) < _EXAMPLES:
            kept.append(bytes(packet))

    def _told(self, packet: "Packet[Any]") -> Format | None:
        if self.codec in TELLING:
            return sound_format(self.codec, bytes(memoryview(packet)[:_HEAD_BYTES]))
        found: Format | None = None
        with suppress(FFmpegError):
            frames: list[Any] = packet.decode()
            for frame in frames:
                found = (frame.sample_rate, frame.layout.name)
        return found


def scan(container: InputContainer, streams: Mapping[str, Stream]) -> Scanned:
    """Demux to the end. `streams` by their kind, "video" or "audio"."""
    tracks = {stream.index: _Track(codec_name(stream)) for stream in streams.values()}
    sound = streams.get("audio")
    for place, packet in enumerate(packets(container, *streams.values())):
        if not packet.size:
            continue
        track = tracks[packet.stream_index]
        track.see(packet, place)
        if sound is not None and packet.stream_index == sound.index:
            track.hear(packet)
    found = {kind: tracks[stream.index] for kind, stream in streams.items()}
    for track in found.values():
        track.follower.end()
    return Scanned(
        epochs=_epochs(found),
        strays={kind: track.follower.strays for kind, track in found.items()},
        packets={kind: track.number for kind, track in found.items()},
        formats=found["audio"].formats if "audio" in found else Counter(),
        examples=found["audio"].examples if "audio" in found else {},
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def falls(container: InputContainer, stream: Stream, size_bytes: int) -> bool:
    """Whether times go back between some places of a source that is too large to be read whole.

    What lies between two of them may go unseen; an older clock seldom fits between newer ones.
    """
    last_s = None
    for number in range(_PLACES):
        container.seek(size_bytes * number // _PLACES, unsupported_byte_offset=True)
        timed = (packet for packet in packets(container, stream) if packet.dts is not None)
        packet = next(timed, None)
        if packet is None:
            break
        at_s = (packet.dts or 0) * packet.time_base
        if last_s is not None and not -BACK_S <= at_s - last_s <= _DAY_S:
            return True
        last_s = at_s
    return False


def _epochs(found: Mapping[str, _Track]) -> list[Epoch]:
    """One, where so many times are damaged that the rest tells nothing."""
    runs = {kind: track.follower.runs for kind, track in found.items() if track.follower.runs}
    for track in found.values():
        if len(track.follower.strays) > _LESS_THAN_DAMAGE * track.number:
            return [Epoch({kind: each[:1] for kind, each in runs.items()})]
    return epochs(runs) if runs else [Epoch()]
