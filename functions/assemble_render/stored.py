"""Parts as the store holds them: read in ranges, pinned to the version first seen."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from functions.shared.errors import PartMismatch, TransientError
from functions.shared.media_store import MediaStore
from functions.shared.mp4.boxes import FIRST_READ_BYTES
from functions.shared.mp4.inspection import named
from functions.shared.mp4.source import Buffered, ByteSource, read_exactly
from functions.shared.mp4.stitch import Extent, Piece

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

READ_BYTES = 8 << 20
"""Asked for at once where a part is read whole: S3 advises 8 or 16 MB."""
AHEAD_BYTES = 32 << 20
AHEAD_REQUESTS = 16
"""Of each kind of media, under way before they are needed: S3 may take 200 ms to answer, and the
network is to be busy meanwhile, with small parts as well as with large ones."""
_READ_ATTEMPTS = 3
_ABSENT = {"NoSuchKey", "404"}
_LOST = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One version of an object, as a source of bytes."""

    store: MediaStore
    key: str
    name: str
    """What messages call it, e.g. `chunk 3 of output 720p`."""
    size_bytes: int
    etag: str
    metadata: Mapping[str, str]

    def read(self, offset: int, length: int) -> bytes:
        return _get(self.store, self.key, offset, length, self.name, self.etag)[0]


def open_stored(
    store: MediaStore, key: str, name: str, first_bytes: int = FIRST_READ_BYTES
) -> tuple[StoredFile, ByteSource] | None:
    """An object and a source that holds its first bytes already, from one request; or None."""
    try:
        body, answer = _get(store, key, 0, first_bytes, name)
    except ClientError as error:
        if _code(error) in _ABSENT:
            return None
        raise
    size_bytes = int(answer["ContentRange"].rpartition("/")[2])
    file = StoredFile(store, key, name, size_bytes, answer["ETag"], answer["Metadata"])
    return file, Buffered(file, body)


def read_checked(
    parts: Iterable[tuple[StoredFile, list[Extent]]], threads: Executor
) -> Iterator[Piece]:
    """The parts' media in order, each part read whole and held against its SHA-256."""
    listed = list(parts)
    reads = ((file, at, length) for file, _ in listed for at, length in _blocks(file))
    blocks = _ahead(reads, threads)
    for file, extents in listed:
        digest = sha256()
        for at, _ in _blocks(file):
            block = next(blocks)
            digest.update(block)
            yield from _cut(block, at, extents)
        with named(file.name):
            check_digest(digest.hexdigest(), file)


def check_bytes(source: ByteSource, file: StoredFile) -> None:
    """PartMismatch unless `source`, which reads `file`, holds the bytes its worker made."""
    digest = sha256()
    for at, length in _blocks(file):
        digest.update(read_exactly(source, at, length))
    check_digest(digest.hexdigest(), file)


def check_digest(digest: str, file: StoredFile) -> None:
    """PartMismatch unless it is the SHA-256 that the part's worker gave it."""
    if digest != file.metadata["sha256"]:
        raise PartMismatch("does not hold the bytes that were rendered (SHA-256)")


def copy_pinned(
    file: StoredFile, key: str, content_type: str = "", disposition: str | None = None
) -> None:
    """Copy a part to `key`, if it still is the version that was checked.

    With a disposition all that describes it is written anew, so its type is needed, too.
    """
    copy = partial(
        file.store.s3.copy_object,
        Bucket=file.store.bucket,
        Key=key,
        CopySource={"Bucket": file.store.bucket, "Key": file.key},
        CopySourceIfMatch=file.etag,
    )
    if disposition is not None:
        copy = partial(
            copy,
            MetadataDirective="REPLACE",
            Metadata=file.metadata,
            ContentType=content_type,
            ContentDisposition=disposition,
        )
    try:
        copy()
    except ClientError as error:
        if _code(error) == "PreconditionFailed":
            raise PartMismatch(f"{file.name} was replaced after it was checked") from error
        raise


def _blocks(file: StoredFile) -> Iterator[tuple[int, int]]:
    """(offset, length) of each block that is read at once."""
    for at in range(0, file.size_bytes, READ_BYTES):
        yield at, min(READ_BYTES, file.size_bytes - at)


def _ahead(reads: Iterable[tuple[StoredFile, int, int]], threads: Executor) -> Iterator[bytes]:
    """The blocks in order, some being read before they are asked for."""
    waiting: deque[tuple[int, Future[bytes]]] = deque()
    under_way = 0
    for file, at, length in reads:
        while waiting and (under_way + length > AHEAD_BYTES or len(waiting) >= AHEAD_REQUESTS):
            done, block = waiting.popleft()
            yield block.result()
            under_way -= done
        waiting.append((length, threads.submit(read_exactly, file, at, length)))
        under_way += length
    while waiting:
        yield waiting.popleft()[1].result()


def _cut(block: bytes, at: int, extents: list[Extent]) -> Iterator[memoryview]:
    """What of `extents` lies in the block that begins at `at`."""
    for extent in extents:
        first, end = max(extent.offset - at, 0), min(extent.end - at, len(block))
        if first < end:
            yield memoryview(block)[first:end]


def _get(
    store: MediaStore, key: str, offset: int, length: int, name: str, etag: str | None = None
) -> tuple[bytes, "GetObjectOutputTypeDef"]:
    """A range and the answer it came with; asked for again where the body breaks off."""
    ask = partial(store.s3.get_object, Bucket=store.bucket, Key=key)
    if etag is not None:
        ask = partial(ask, IfMatch=etag)
    for _ in range(_READ_ATTEMPTS):
        try:
            answer = ask(Range=f"bytes={offset}-{offset + length - 1}")
            return answer["Body"].read(), answer
        except _LOST:
            continue
        except ClientError as error:
            if _code(error) == "InvalidRange":
                raise PartMismatch(f"{name} has no bytes from {offset} on") from error
            if _code(error) == "PreconditionFailed":
                raise PartMismatch(f"{name} was replaced while it was read") from error
            raise
    raise TransientError(f"Reading {name} broke off {_READ_ATTEMPTS} times at byte {offset}.")


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
