"""Large bytes in files of the home, named by their content; the last used ones also in memory."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path

LARGE_BYTES = 16 * 1024
"""Smaller ones stay where they are."""
_MEMORY_BYTES = 256 * 1024 * 1024


class Blob(str):
    """The name of a file of `Blobs`. It stands where the bytes were."""

    __slots__ = ()


class Blobs:
    """The folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._in_memory: OrderedDict[Blob, bytes] = OrderedDict()
        self._in_memory_bytes = 0
        self._named: dict[int, tuple[bytes, Blob]] = {}

    def put(self, content: bytes) -> Blob:
        """Write the content unless it is there already."""
        blob = Blob(hashlib.sha256(content).hexdigest())
        target = self._folder / blob
        if not target.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            part = target.with_suffix(".part")
            part.write_bytes(content)
            part.replace(target)
        self._remember(blob, content)
        return blob

    def name(self, content: bytes) -> Blob:
        """As `put`, for bytes that stay in use elsewhere: hashed once, not at every save."""
        known = self._named.get(id(content))
        if known is None:
            known = self._named[id(content)] = (content, self.put(content))
            with self._lock:
                self._drop(known[1])
        return known[1]

    def get(self, blob: Blob) -> bytes:
        """The content. A file is read range by range, so it stays in memory for a while."""
        with self._lock:
            content = self._in_memory.get(blob)
        if content is None:
            content = self._read(blob)
        self._remember(blob, content)
        return content

    def load(self, blob: Blob) -> bytes:
        """The content, for good: the caller keeps it."""
        content = self._read(blob)
        self._named[id(content)] = (content, blob)
        return content

    def missing(self, used: Collection[Blob]) -> list[Blob]:
        """Those of `used` that are not there."""
        there = {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()
        return [blob for blob in used if blob not in there]

    def sweep(self, used: Collection[Blob]) -> None:
        """Remove all others."""
        self._named = {key: known for key, known in self._named.items() if known[1] in used}
        with self._lock:
            for blob in [blob for blob in self._in_memory if blob not in used]:
                self._drop(blob)
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.name not in used:
                    path.unlink()

    def _read(self, blob: Blob) -> bytes:
        return (self._folder / blob).read_bytes()

    def _remember(self, blob: Blob, content: bytes) -> None:
        """Keep it in memory as the last used, and the ones before it as far as there is room."""
        with self._lock:
            self._drop(blob)
            self._in_memory[blob] = content
            self._in_memory_bytes += len(content)
            while self._in_memory_bytes > _MEMORY_BYTES and len(self._in_memory) > 1:
                self._drop(next(iter(self._in_memory)))

    def _drop(self, blob: Blob) -> None:
        self._in_memory_bytes -= len(self._in_memory.pop(blob, b""))
