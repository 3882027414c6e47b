"""Making sure that what all workers read is one object in S3 whose bytes can't change unseen.

An https source is copied into the parts of its job: its server is asked once instead of by every
worker, and ffmpeg never talks to a stranger (docs/decisions/0004-sources.md). Of an HLS playlist
the segments are copied, as one file.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from functions.plan_render.source.joining import joined
from functions.plan_render.source.playlists import Film, read_film
from functions.shared.errors import SourceEmpty, SourceUnreachable
from functions.shared.hls import Piece, is_playlist
from functions.shared.media_store import Keys, MediaStore, Part
from functions.shared.transfers import upload_in_parts
from functions.shared.web import Web, bare
from functions.shared.web_reading import Answer, Reader, pour, too_large

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FORBIDDEN = {"403", "AccessDenied", "AllAccessDisabled", "InvalidObjectState"}
_PEEK_BYTES = 64
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class Located:
    """The object that holds the source."""

    bucket: str
    key: str
    etag: str
    size_bytes: int


@dataclass(frozen=True)
class Allowance:
    """How much a source may take to bring in."""

    size_bytes: int
    duration_s: float
    """Of a playlist, by what it says itself; the media is measured later."""
    timeout_s: float


def locate(source: str, job_id: str, store: MediaStore, web: Web, allowance: Allowance) -> Located:
    """Find the source's object, fetching it first where it is an https URL."""
    url = urlsplit(source)
    if url.scheme == "s3":
        found = find_object(store, url.netloc, object_key(source))
        bucket = url.netloc
    else:
        found = _fetch(source, Keys(job_id).source, store, web, allowance)
        bucket = store.bucket
    if found.size_bytes == 0:
        raise SourceEmpty(f"The source {bare(source)} has no bytes.")
    if found.size_bytes > allowance.size_bytes:
        raise too_large(source, found.size_bytes, allowance.size_bytes)
    return Located(bucket, found.key, found.etag, found.size_bytes)


def forget(source: str, job_id: str, store: MediaStore) -> None:
    """Remove the copy of a source that can't be rendered: it may be mended where it came from."""
    if urlsplit(source).scheme == "https":
        store.s3.delete_object(Bucket=store.bucket, Key=Keys(job_id).source)


def object_key(source: str) -> str:
    """The key of an `s3://bucket/key` URL: everything behind the bucket, as it stands."""
    return source.split("/", 3)[3]


def find_object(store: MediaStore, bucket: str, key: str) -> Part:
    try:
        found = store.head(key, bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in _FORBIDDEN:
            raise SourceUnreachable(
                f"S3 refuses to let this stack read s3://{bucket}/{key}."
            ) from error
        raise
    if found is None:
        raise SourceUnreachable(f"There is no object s3://{bucket}/{key}.")
    return found


def _fetch(source: str, key: str, store: MediaStore, web: Web, allowance: Allowance) -> Part:
    """Copy an https source to `key`, unless an earlier attempt of this job did."""
    origin = hashlib.sha256(source.encode()).hexdigest()
    found = store.head(key)
    if found is not None and found.metadata.get("origin") == origin:
        return found

    def keep(body: BinaryIO) -> None:
        about = {"Metadata": {"origin": origin}}
        upload_in_parts(store.s3, store.bucket, key, body, about)

    with Reader(web, allowance.timeout_s) as reader:
        answer = reader.open(Piece(source))
        try:
            _check_promise(answer, source, allowance.size_bytes)
            if not is_playlist(answer.peek(_PEEK_BYTES)):
                keep(as_file(pour(answer, Piece(source), allowance.size_bytes)))
                return find_object(store, store.bucket, key)
            film = read_film(reader, answer, allowance.duration_s)
        finally:
            answer.close()
        if film.is_one_file:
            keep(as_file(_pieces(reader, film, source, allowance.size_bytes)))
        else:
            with joined(reader, film, source, allowance.size_bytes) as file:
                keep(file)
    return find_object(store, store.bucket, key)


def _check_promise(answer: Answer, source: str, most_bytes: int) -> None:
    promised = answer.promised_bytes
    if promised is not None and promised > most_bytes:
        raise too_large(source, promised, most_bytes)


def _pieces(reader: Reader, film: Film, source: str, most_bytes: int) -> Iterator[bytes]:
    """The bytes of a film that is one run, in order."""
    got = 0
    for piece in film.main[0].pieces:
        for data in reader.stream(piece, most_bytes):
            got += len(data)
            if got > most_bytes:
                raise too_large(source, got, most_bytes)
            yield data


def as_file(data: Iterator[bytes]) -> BinaryIO:
    """What comes in pieces, as a file that an upload reads."""
    return io.BufferedReader(_Chain(data), buffer_size=_BUFFER_BYTES)


class _Chain(io.RawIOBase):
    def __init__(self, data: Iterator[bytes]) -> None:
        self._data = data
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        while not self._left:
            piece = next(self._data, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        given = self._left[: len(view)]
        view[: len(given)] = given
        self._left = self._left[len(given) :]
        return len(given)
