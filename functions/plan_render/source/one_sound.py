"""Sound of several formats, decoded and coded anew in one, without loss (FLAC, 24 bits)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet

from functions.plan_render.source.sound_formats import Format, sound_format

CODEC = "flac"
_FORMAT = "s32"
_SAMPLE_BYTES = 4
_OFF_S = Fraction(1, 50)
"""As far as sound may be from its timestamps (docs/decisions/0007-sound-gaps.md)."""
_SILENCE_BYTES = 1 << 20


@dataclass(frozen=True)
class Shape:
    """What all the sound becomes."""

    rate: int
    layout: str

    @classmethod
    def of(cls, frame: AudioFrame) -> "Shape":
        return cls(frame.sample_rate, frame.layout.name)


def shape_of(codec: str, found: Iterable[bytes]) -> Shape | None:
    """What a decoder makes of a few packets of one format."""
    return _primed(codec, found)[1]


def _primed(codec: str, found: Iterable[bytes]) -> tuple[Any, Shape | None]:
    """A decoder that has seen a few packets of the format, and what it makes of them.

    MPEG's first frame after a change still bears the rate of those before, so no decoder sees one.
    """
    decoder: Any = av.CodecContext.create(codec, "r")
    shape = None
    for data in found:
        with suppress(FFmpegError):
            for frame in decoder.decode(av.Packet(data)):
                shape = Shape.of(frame)
    decoder.flush_buffers()
    return decoder, shape


class Decoder:
    """Decodes the packets of one stream, each format by a decoder of its own."""

    def __init__(self, codec: str, examples: Mapping[Format, Iterable[bytes]]) -> None:
        self.codec, self.examples = codec, examples
        self._told: Format | None = None
        self._epoch = 0
        self._decoder: Any = None
        self._expected = 0

    def decode(self, packet: "Packet[Any]", epoch: int) -> list[tuple[AudioFrame, bool]]:
        """(frame, whether its time is one that the file says), or nothing of a damaged packet.

        A demuxer reckons what a file does not say; behind a change it may do so at the rate before.
        """
        told = sound_format(self.codec, bytes(packet)) or self._told
        if told is not None and told != self._told:
            self._told, self._decoder = told, _primed(self.codec, self.examples[told])[0]
        if epoch != self._epoch and self._decoder is not None:
            self._decoder.flush_buffers()
        # What is reckoned may be a tick off, by rounding.
        is_said = abs((packet.pts or 0) - self._expected) > 1 or epoch != self._epoch
        self._epoch = epoch
        self._expected = (packet.pts or 0) + (packet.duration or 0)
        try:
            frames: Any = (self._decoder or packet.stream.codec_context).decode(packet)
        except FFmpegError:
            return []
        return [(frame, is_said) for frame in frames]


class OneSound:
    """Writes decoded frames of any format, each at its time, into a stream of one."""

    def __init__(self, stream: AudioStream, shape: Shape) -> None:
        self._leveller, self._coder = _Leveller(shape), _Coder(stream, shape)

    def add(
        self, frame: AudioFrame, at_s: Fraction, *, is_said: bool
    ) -> "Iterator[Packet[AudioStream]]":
        """The packets that a frame completes; `at_s` is its time in the whole, and only reckoned
        unless it `is_said`."""
        for data in self._leveller.add(frame, at_s, is_said=is_said):
            yield from self._coder.add(data)

    def end(self) -> "Iterator[Packet[AudioStream]]":
        """The packets that are left."""
        for data in self._leveller.end():
            yield from self._coder.add(data)
        yield from self._coder.end()


class _Leveller:
    """Samples in one shape, in a row: silence where timestamps leave room, less where they overlap.

    A resampler holds back a few samples; it is emptied where the format changes, so none are lost.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._sample_bytes = _SAMPLE_BYTES * av.AudioLayout(shape.layout).nb_channels
        self._resampler: AudioResampler | None = None
        self._from: tuple[Shape, str] | None = None
        self._until_s = Fraction(0)
        """Where the next frame is expected."""
        self._written = 0
        self._surplus = 0
        """Samples to leave out."""

    def add(self, frame: AudioFrame, at_s: Fraction, *, is_said: bool) -> Iterator[bytes]:
        form = (Shape.of(frame), frame.format.name)
        if form != self._from or (is_said and abs(at_s - self._until_s) > _OFF_S):
            yield from self.end()
            yield from self._to(at_s)
            self._until_s = at_s
        if self._resampler is None:
            self._from = form
            self._resampler = AudioResampler(_FORMAT, self.shape.layout, self.shape.rate)
        self._until_s += Fraction(frame.samples, frame.sample_rate)
        frame.pts = None
        yield from self._taken(self._resampler, frame)

    def end(self) -> Iterator[bytes]:
        """What the resampler holds."""
        if self._resampler is not None:
            yield from self._taken(self._resampler, None)
            self._resampler = None

    def _to(self, at_s: Fraction) -> Iterator[bytes]:
        """Up to a time: with silence, or by leaving out what comes twice."""
        missing = round(at_s * self.shape.rate) - self._written
        self._surplus = 0
        if self._written and abs(missing) <= _OFF_S * self.shape.rate:
            return
        self._surplus = max(0, -missing)
        left = max(0, missing) * self._sample_bytes
        while left:
            piece = bytes(min(left, _SILENCE_BYTES // self._sample_bytes * self._sample_bytes))
            left -= len(piece)
            yield self._count(piece)

    def _taken(self, resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[bytes]:
        for made in resampler.resample(frame):
            data = bytes(made.planes[0])[: made.samples * self._sample_bytes]
            skipped = min(self._surplus, made.samples)
            self._surplus -= skipped
            if skipped < made.samples:
                yield self._count(data[skipped * self._sample_bytes :])

    def _count(self, data: bytes) -> bytes:
        self._written += len(data) // self._sample_bytes
        return data


class _Coder:
    """Writes such samples into a stream of a file."""

    def __init__(self, stream: AudioStream, shape: Shape) -> None:
        self.stream = stream
        stream.codec_context.format = _FORMAT
        stream.codec_context.layout = shape.layout
        stream.codec_context.time_base = Fraction(1, shape.rate)
        # Until then it does not know how many samples it takes at once.
        stream.codec_context.open()
        self.shape = shape
        self._sample_bytes = _SAMPLE_BYTES * av.AudioLayout(shape.layout).nb_channels
        self._waiting = bytearray()
        self._coded = 0

    def add(self, data: bytes) -> "Iterator[Packet[AudioStream]]":
        self._waiting += data
        frame_bytes = self.stream.codec_context.frame_size * self._sample_bytes
        while len(self._waiting) >= frame_bytes:
            yield from self._code(bytes(self._waiting[:frame_bytes]))
            del self._waiting[:frame_bytes]

    def end(self) -> "Iterator[Packet[AudioStream]]":
        if self._waiting:
            yield from self._code(bytes(self._waiting))
        yield from self.stream.encode(None)

    def _code(self, data: bytes) -> "Iterator[Packet[AudioStream]]":
        count = len(data) // self._sample_bytes
        frame = AudioFrame(format=_FORMAT, layout=self.shape.layout, samples=count, align=1)
        frame.planes[0].update(data)
        frame.sample_rate = self.shape.rate
        frame.pts, frame.time_base = self._coded, Fraction(1, self.shape.rate)
        self._coded += count
        yield from self.stream.encode(frame)
