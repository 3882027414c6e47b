"""Copies the runs of an HLS film into one MP4 file, in a process of its own:
`python -m functions.plan_render.source.join`.

It parses bytes from strangers, so it runs without credentials and with bounded memory. Arguments:
the runs as JSON ([[file of the pictures, file of the sound or null], …]), the file to make, memory
in bytes. What is wrong is the last line of stderr, a predicate.
"""

import heapq
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from functions.plan_render.source.streams import best_audio, best_video, codec_name
from functions.plan_render.source.timing import packets, starts_at

_FORMATS = "mov,mpegts,aac,mp3,ac3,eac3"
_SHARED = ("codec", "extradata", "width", "height", "sample_rate", "channels")


class Unjoinable(Exception):  # noqa: N818 - its text is what the parent reads
    """Why the runs can't be one file."""


@dataclass
class _Track:
    """A stream of the file that is made."""

    made: Stream
    shape: dict[str, object]
    last_dts: int | None = None
    ends_s: Fraction = field(default_factory=Fraction)


def main(arguments: Sequence[str]) -> None:
    runs, result, memory_bytes = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with av.open(result, "w", format="mp4") as film:
            _Film(film).add_all(json.loads(runs))
    except (Unjoinable, av.error.FFmpegError) as error:
        sys.exit(str(getattr(error, "strerror", None) or error))


class _Film:
    def __init__(self, film: OutputContainer) -> None:
        self.film = film
        self.tracks: dict[str, _Track] = {}

    def add_all(self, runs: Sequence[Sequence[str | None]]) -> None:
        for files in runs:
            with ExitStack() as opened:
                bodies = [opened.enter_context(Path(file).open("rb")) for file in files if file]
                self._add([opened.enter_context(_open(body)) for body in bodies])

    def _add(self, inputs: Sequence[InputContainer]) -> None:
        streams = _streams(inputs)
        if not self.tracks:
            self.tracks = {kind: self._track(stream) for kind, stream in streams.items()}
            shift_s = -max(Fraction(0), min(map(starts_at, streams.values())))
        else:
            self._check(streams)
            main = "video" if "video" in streams else "audio"
            shift_s = self.tracks[main].ends_s - starts_at(streams[main])
        kinds = {id(stream): kind for kind, stream in streams.items()}
        by_input = [
            packets(one, *(stream for stream in streams.values() if stream.container is one))
            for one in inputs
        ]
        for packet in heapq.merge(*map(_timed, by_input), key=_decoded_s):
            self._write(self.tracks[kinds[id(packet.stream)]], packet, shift_s)

    def _track(self, stream: Stream) -> _Track:
        return _Track(self.film.add_stream_from_template(stream), _shape(stream))

    def _check(self, streams: dict[str, Stream]) -> None:
        shapes = {kind: _shape(stream) for kind, stream in streams.items()}
        if shapes != {kind: track.shape for kind, track in self.tracks.items()}:
            raise Unjoinable(
                "its coding (codec, size, sound's rate or channels) is another one after a"
                " discontinuity"
            )

    def _write(self, track: _Track, packet: "Packet[Any]", shift_s: Fraction) -> None:
        shift = round(shift_s / packet.time_base)
        dts = (packet.dts or 0) + shift
        if track.last_dts is not None and dts <= track.last_dts:
            return  # a run's sound may reach into the next one
        pts = (packet.pts if packet.pts is not None else packet.dts or 0) + shift
        packet.pts, packet.dts, track.last_dts = pts, dts, dts
        track.ends_s = max(track.ends_s, (pts + (packet.duration or 0)) * packet.time_base)
        packet.stream = track.made
        self.film.mux(packet)


def _open(body: BinaryIO) -> InputContainer:
    """A Python file has no protocol: nothing inside it can name another."""
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "crypto"}
    return av.open(body, "r", options=options)


def _streams(inputs: Sequence[InputContainer]) -> dict[str, Stream]:
    """The pictures of the first input, the sound of the last that has any."""
    found: dict[str, Stream] = {}
    if (video := best_video(inputs[0])) is not None:
        found["video"] = video
    for one in inputs:
        if (audio := best_audio(one)) is not None:
            found["audio"] = audio
    if not found:
        raise Unjoinable("a run of it has neither pictures nor sound that can be decoded")
    return found


def _shape(stream: Any) -> dict[str, object]:
    codec = stream.codec_context
    known = {name: getattr(codec, name, None) for name in _SHARED[1:]}
    return {"codec": codec_name(stream), **known}


def _timed(found: "Iterator[Packet[Any]]") -> "Iterator[Packet[Any]]":
    return (packet for packet in found if packet.size and packet.dts is not None)


def _decoded_s(packet: "Packet[Any]") -> Fraction:
    return (packet.dts or 0) * packet.time_base


if __name__ == "__main__":
    main(sys.argv[1:])
