"""Bounds-checked reading and plain writing of MP4's building block, the box (ISO 14496-12).

Nothing here trusts a length: whatever a damaged file says, the only error is PartMismatch.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from functions.shared.errors import PartMismatch
from functions.shared.mp4.source import Buffered, ByteSource, read_exactly

FIRST_READ_BYTES = 256 << 10
"""One request of this size holds the tables of a minutes-long part written with faststart."""
MAX_MOOV_BYTES = 128 << 20
"""A day of video at 60 fps needs about 80 MB of tables."""
_MAX_TOP_BOXES = 256
_WIDE_HEADER_BYTES = 16
_HEADER = struct.Struct(">I4s")


@dataclass(frozen=True, slots=True)
class Box:
    """One box inside a buffer; `[start, end)` is its payload."""

    kind: str
    data: bytes
    header_start: int
    start: int
    end: int

    def raw(self) -> bytes:
        """The whole box, with its header."""
        return self.data[self.header_start : self.end]

    def payload(self, at: int = 0, length: int | None = None) -> bytes:
        if length is None:
            self._within(at, 0)
            return self.data[self.start + at : self.end]
        first = self._within(at, length)
        return self.data[first : first + length]

    def number(self, at: int, width: int, *, signed: bool = False) -> int:
        """A big-endian integer of `width` bytes at payload offset `at`."""
        return int.from_bytes(self.payload(at, width), "big", signed=signed)

    def numbers(self, at: int, count: int, typecode: str) -> "array[int]":
        """`count` big-endian integers of an `array` typecode from payload offset `at` on."""
        values = array(typecode)
        values.frombytes(self.payload(at, count * values.itemsize))
        if sys.byteorder == "little":
            values.byteswap()
        return values

    def entry_count(self, at: int, entry_bytes: int) -> int:
        """A table's 32-bit entry count; its entries must fill the rest of the box."""
        count = self.number(at, 4)
        if count * entry_bytes != self.end - self.start - at - 4:
            raise PartMismatch(
                f"has a damaged {self.kind} box: it claims {count} entries of {entry_bytes} bytes"
                f" and is {self.end - self.start} bytes long"
            )
        return count

    def children(self, at: int = 0) -> Iterator["Box"]:
        """The boxes inside, from payload offset `at` on."""
        position = self._within(at, 0)
        # Fewer than 8 bytes left over are QuickTime's optional terminator.
        while self.end - position >= _HEADER.size:
            child = self._child(position)
            yield child
            position = child.end

    def find(self, *path: str) -> "Box | None":
        """The first box at `path` below this one."""
        if not path:
            return self
        for child in self.children():
            if child.kind == path[0]:
                return child.find(*path[1:])
        return None

    def require(self, *path: str) -> "Box":
        found = self.find(*path)
        if found is None:
            raise PartMismatch(f"has no {'/'.join((self.kind, *path))} box")
        return found

    def _within(self, at: int, length: int) -> int:
        if at < 0 or length < 0 or at + length > self.end - self.start:
            raise PartMismatch(
                f"has a damaged {self.kind} box: {length} bytes at {at} do not fit"
                f" its {self.end - self.start}"
            )
        return self.start + at

    def _child(self, position: int) -> "Box":
        header = self.data[position : min(position + _WIDE_HEADER_BYTES, self.end)]
        kind, header_bytes, length = box_header(header, self.end - position)
        return Box(kind, self.data, position, position + header_bytes, position + length)


def box_header(header: bytes, available: int) -> tuple[str, int, int]:
    """(kind, header bytes, whole length) of the box that begins with `header`.

    `available` is how many bytes the enclosing box or file has from there on.
    """
    if len(header) < _HEADER.size:
        raise PartMismatch("is cut short: it ends inside a box header")
    length, raw_kind = _HEADER.unpack_from(header)
    kind = raw_kind.decode("latin-1")
    header_bytes = _HEADER.size
    if length == 1:
        if len(header) < _WIDE_HEADER_BYTES:
            raise PartMismatch(f"is cut short: it ends inside the header of box {kind!r}")
        length, header_bytes = (
            int.from_bytes(header[8:_WIDE_HEADER_BYTES], "big"),
            _WIDE_HEADER_BYTES,
        )
    elif length == 0:
        length = available
    if not header_bytes <= length <= available:
        raise PartMismatch(
            f"has a damaged box {kind!r}: it claims {length} bytes where {available} are left"
        )
    return kind, header_bytes, length


def read_moov(source: ByteSource) -> tuple[Box, bool]:
    """The movie box, read whole, and whether it stands before the media data."""
    if not isinstance(source, Buffered):
        first_bytes = source.read(0, min(FIRST_READ_BYTES, source.size_bytes))
        source = Buffered(source, first_bytes)
    position, media_seen = 0, False
    for _ in range(_MAX_TOP_BOXES):
        available = source.size_bytes - position
        if available < _HEADER.size:
            break
        header = read_exactly(source, position, min(_WIDE_HEADER_BYTES, available))
        kind, header_bytes, length = box_header(header, available)
        if kind == "moov":
            if length > MAX_MOOV_BYTES:
                raise PartMismatch(f"has tables of {length} bytes, more than {MAX_MOOV_BYTES}")
            data = read_exactly(source, position, length)
            return Box(kind, data, 0, header_bytes, length), not media_seen
        media_seen = media_seen or kind == "mdat"
        position += length
    raise PartMismatch("has no moov box: it is not a finished MP4 file")


def box(kind: str, *payload: bytes) -> bytes:
    """A box with 32-bit length."""
    body = b"".join(payload)
    return _HEADER.pack(_HEADER.size + len(body), kind.encode("latin-1")) + body


def full_box(kind: str, version: int, flags: int, *payload: bytes) -> bytes:
    """A box that begins with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def big_endian(values: "array[int]") -> bytes:
    """An array's numbers as a table holds them."""
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()
