"""Copies an uneven source into one even MP4 file, in a process of its own:
`python -m functions.plan_render.source.mend`.

Its times go on, and its sound has one format. It parses bytes from strangers, so it runs without
credentials and with bounded memory. Arguments: the URL, the file to make, the limits as JSON,
memory in bytes, a certificates file or "". Answers {} or {"error": …, "message": a predicate}.
"""

import errno
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from functions.plan_render.source.facts import Limits
from functions.plan_render.source.one_sound import CODEC, Decoder, OneSound, Shape, shape_of
from functions.plan_render.source.opening import TIMEOUTS_S, open_options
from functions.plan_render.source.runs import shifts
from functions.plan_render.source.scan import Scanned, scan
from functions.plan_render.source.streams import codec_name, used_streams
from functions.plan_render.source.timing import packets
from functions.shared.errors import (
    ReelwrightError,
    SourceNotMedia,
    SourceTooLarge,
    TransientError,
)

_COPIED_SOUND = {"aac", "mp1", "mp2", "mp3", "ac3", "eac3", "dts"}
"""What MP4 holds and every packet tells the format of; or has one only."""
_FIRST_PACKETS = 50


def main(arguments: Sequence[str]) -> None:
    url, result, limits, memory_bytes, certificates = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    options = open_options(certificates, Limits(**json.loads(limits)))
    answer: dict[str, str] = {}
    try:
        mend(url, options, result)
    except ReelwrightError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.write(json.dumps(answer))


def mend(url: str, options: dict[str, str], result: str) -> None:
    """Raises, with a predicate: SourceNotMedia, SourceTooLarge, TransientError."""
    try:
        with av.open(url, options=options, timeout=TIMEOUTS_S) as source:
            scanned = scan(source, used_streams(source))
        with av.open(url, options=options, timeout=TIMEOUTS_S) as source:
            shape = _shape(source, scanned)
        with (
            av.open(url, options=options, timeout=TIMEOUTS_S) as source,
            av.open(result, "w", format="mp4") as film,
        ):
            _Copy(source, film, scanned, shape).run()
    except (av.error.HTTPServerError, ConnectionError, TimeoutError) as error:
        raise TransientError("could not be read") from error
    except (FFmpegError, OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise SourceTooLarge(
                "must be copied into one even file, for which there is no room; deploy with a"
                " larger plan_storage_mb, or send it as one MP4 or Matroska file"
            ) from error
        if getattr(error, "errno", None) == errno.EIO:
            raise TransientError("could not be read to its end") from error
        said = getattr(error, "strerror", None) or error
        raise SourceNotMedia(f"can't be copied into one even file ({said})") from error


def _shape(source: InputContainer, scanned: Scanned) -> Shape | None:
    """What the sound becomes: what most of it is. None: it is copied as it is."""
    sound = used_streams(source).get("audio")
    if sound is None or (len(scanned.formats) < 2 and codec_name(sound) in _COPIED_SOUND):  # noqa: PLR2004
        return None
    for told, _ in scanned.formats.most_common():
        if shape := shape_of(codec_name(sound), scanned.examples[told]):
            return shape
    first = (bytes(packet) for packet in islice(packets(source, sound), _FIRST_PACKETS))
    if shape := shape_of(codec_name(sound), first):
        return shape
    raise SourceNotMedia(f"has sound ({codec_name(sound)}) that can't be decoded")


@dataclass
class _Place:
    """Where the packets of one stream go."""

    stream: Stream
    firsts: list[tuple[int, int]]
    """(number of a packet, the epoch that begins with it), falling."""
    strays: set[int]
    number: int = -1
    last_dts: int | None = None
    usual: int = 1

    def epoch(self) -> int:
        return next((epoch for first, epoch in self.firsts if first <= self.number), 0)


class _Copy:
    def __init__(
        self, source: InputContainer, film: OutputContainer, scanned: Scanned, shape: Shape | None
    ) -> None:
        self.source, self.film, self.scanned, self.shape = source, film, scanned, shape
        self.one_sound: OneSound | None = None
        self.shifts = shifts(scanned.epochs)
        self.streams = used_streams(source)
        self.places = {
            stream.index: _Place(
                self._made(kind, stream), self._firsts(kind), scanned.strays.get(kind, set())
            )
            for kind, stream in self.streams.items()
        }
        self.ends_s = list(self._sound_ends())

    def _made(self, kind: str, stream: Stream) -> Stream:
        if kind == "audio" and self.shape is not None:
            made: Any = self.film.add_stream(CODEC, rate=self.shape.rate)
            self.one_sound = OneSound(made, self.shape)
            self.decoder = Decoder(codec_name(stream), self.scanned.examples)
            return made  # type: ignore[no-any-return]
        return self.film.add_stream_from_template(stream)

    def _firsts(self, kind: str) -> list[tuple[int, int]]:
        return sorted(
            (
                (run.first, number)
                for number, epoch in enumerate(self.scanned.epochs)
                for run in epoch.runs.get(kind, ())
            ),
            reverse=True,
        )

    def _sound_ends(self) -> Iterator[Fraction | None]:
        """For each epoch, where the sound of a later one begins: until there its own is heard."""
        later: Fraction | None = None
        found: list[Fraction | None] = []
        for epoch, shift_s in zip(
            reversed(self.scanned.epochs), reversed(self.shifts), strict=True
        ):
            found.append(later)
            if "audio" in epoch.runs:
                later = epoch.start_s("audio") + shift_s
        return reversed(found)

    def run(self) -> None:
        sound = self.streams.get("audio")
        for packet in packets(self.source, *self.streams.values()):
            if not packet.size:
                continue
            place = self.places[packet.stream_index]
            place.number += 1
            if place.number in place.strays:
                continue
            is_sound = sound is not None and packet.stream_index == sound.index
            epoch = place.epoch()
            if is_sound and self._gives_way(packet, epoch):
                continue
            if is_sound and self.one_sound is not None:
                self._code(self.one_sound, packet, epoch)
            else:
                self._write(place, packet, self.shifts[epoch], is_sound=is_sound)
        for kind, stream in self.streams.items():
            # A lost connection can look like an end.
            if self.places[stream.index].number + 1 != self.scanned.packets[kind]:
                raise TransientError("could not be read to its end again")
        if self.one_sound is not None:
            self.film.mux(list(self.one_sound.end()))

    def _gives_way(self, packet: "Packet[Any]", epoch: int) -> bool:
        end_s = self.ends_s[epoch]
        if end_s is None or packet.pts is None:
            return False
        return packet.pts * packet.time_base + self.shifts[epoch] >= end_s

    def _code(self, one_sound: OneSound, packet: "Packet[Any]", epoch: int) -> None:
        for frame, is_said in self.decoder.decode(packet, epoch):
            if frame.pts is not None and frame.time_base is not None:
                at_s = frame.pts * frame.time_base + self.shifts[epoch]
                self.film.mux(list(one_sound.add(frame, at_s, is_said=is_said)))

    def _write(
        self, place: _Place, packet: "Packet[Any]", shift_s: Fraction, *, is_sound: bool
    ) -> None:
        shift = round(shift_s / packet.time_base)
        last = place.last_dts
        following = place.usual + (last if last is not None else -shift - place.usual)
        dts = packet.dts + shift if packet.dts is not None else following
        pts = packet.pts + shift if packet.pts is not None else dts
        if last is not None and dts <= last:
            if is_sound:
                return  # It overlaps.
            dts = last + 1
        packet.pts, packet.dts = max(pts, dts), dts
        place.last_dts, place.usual = dts, packet.duration or place.usual
        packet.stream = place.stream
        self.film.mux(packet)


if __name__ == "__main__":
    main(sys.argv[1:])
