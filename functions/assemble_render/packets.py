"""The packets of a file, as ffmpeg's framecrc lists them: through a pipe, as hours of video have
millions of them, and their list would be a tenth of a small file."""

import os
import threading
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

_KEY = 1
_ADDED = "Matroska BlockAdditional"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet."""

    at_s: Fraction
    size_bytes: int
    crc: str
    is_key: bool
    added: tuple[str, ...] = ()
    """Size and CRC of what belongs to it: its alpha."""


@dataclass(frozen=True, slots=True)
class Packets:
    """One stream's, in their order; 17 bytes each."""

    tick_s: Fraction
    pts: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    crcs: "array[int]" = field(default_factory=lambda: array("I"))
    keys: bytearray = field(default_factory=bytearray)
    added: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Packet]:
        listed = zip(self.pts, self.sizes, self.crcs, self.keys, strict=True)
        for index, (pts, size_bytes, crc, is_key) in enumerate(listed):
            added = self.added.get(index, ())
            yield Packet(pts * self.tick_s, size_bytes, hex(crc), bool(is_key), added)

    def add(self, fields: list[str]) -> None:
        """Those of its line: stream, dts, pts, duration, size, CRC and what more is told."""
        _, _, pts, _, size, crc, *more = fields
        if more:
            more = [part.strip() for part in more]
            if _ADDED in more:
                self.added[len(self.pts)] = tuple(more[more.index(_ADDED) + 1 :][:2])
        # Flags are told where they are not just the one of a key frame.
        flags = next((int(one.removeprefix("F="), 0) for one in more if one.startswith("F=")), _KEY)
        self.pts.append(int(pts))
        self.sizes.append(int(size))
        self.crcs.append(int(crc, 0))
        self.keys.append(flags & _KEY)


def listed(lines: Iterable[str]) -> Iterator[Packets]:
    """The streams that are told of, then, once all are read, their packets."""
    streams: list[Packets] = []
    for line in lines:
        if line.startswith("#tb "):
            streams.append(Packets(Fraction(line.partition(": ")[2])))
        elif not line.startswith("#"):
            fields = line.split(",")
            streams[int(fields[0])].add(fields)
    yield from streams


@contextmanager
def listening(path: Path) -> Iterator[tuple[str, list[Packets]]]:
    """A place to write a listing to, and the streams that were read there when the block ends."""
    os.mkfifo(path)
    # Held open at both ends from here on, so that nobody waits for somebody who never comes.
    reads = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writes = os.open(path, os.O_WRONLY)
    os.set_blocking(reads, True)
    streams: list[Packets] = []
    errors: list[Exception] = []

    def listen() -> None:
        with os.fdopen(reads, "r", encoding="utf-8") as lines:
            try:
                streams.extend(listed(lines))
            except (ValueError, IndexError) as error:
                errors.append(error)
                # Or who writes would wait.
                for _ in lines:
                    pass

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield str(path), streams
    finally:
        os.close(writes)
        listener.join()
        path.unlink()
    if errors:
        raise errors[0]
