"""Where a file's bytes come from: a disk, memory, or ranges of a stored object."""

from pathlib import Path
from typing import Protocol

from functions.shared.errors import PartMismatch


class ByteSource(Protocol):
    """Random access to bytes whose number is known."""

    @property
    def size_bytes(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes `[offset, offset + length)`; fewer where the source ends before."""
        ...


class MemoryBytes:
    """Bytes already in memory: all of a file, or its beginning where `size_bytes` says more."""

    def __init__(self, data: bytes, size_bytes: int | None = None) -> None:
        self.data = data
        self.size_bytes = len(data) if size_bytes is None else size_bytes

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


class FileBytes:
    """A file on disk, opened anew for each read: an inspection makes one or two."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = path.stat().st_size

    def read(self, offset: int, length: int) -> bytes:
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)


class Buffered:
    """A source whose first bytes were already read; what reads tables asks for no others before."""

    def __init__(self, behind: ByteSource, first_bytes: bytes) -> None:
        self.behind = behind
        self.first_bytes = first_bytes

    @property
    def size_bytes(self) -> int:
        return self.behind.size_bytes

    def read(self, offset: int, length: int) -> bytes:
        if offset + length <= len(self.first_bytes):
            return self.first_bytes[offset : offset + length]
        return self.behind.read(offset, length)


def read_exactly(source: ByteSource, offset: int, length: int) -> bytes:
    """The bytes `[offset, offset + length)`, all of them."""
    got = source.read(offset, length)
    if len(got) != length:
        raise PartMismatch(
            f"is cut short: {length} bytes were expected at offset {offset}, {len(got)} are there"
        )
    return got
