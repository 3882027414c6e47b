"""Making sure that what all workers read is one object in S3 whose bytes can't change unseen.

An https source is copied into the parts of its job: its server is asked once instead of by every
worker, and ffmpeg never talks to a stranger (docs/decisions/0004-sources.md).
"""

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from botocore.exceptions import ClientError
from urllib3.exceptions import HTTPError

from functions.plan_render.web import open_source
from functions.shared.errors import (
    SourceEmpty,
    SourceTooLarge,
    SourceUnreachable,
    TransientError,
)
from functions.shared.media_store import Keys, MediaStore, Part
from functions.shared.web import Web, bare

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_FORBIDDEN = {"403", "AccessDenied", "AllAccessDisabled", "InvalidObjectState"}


@dataclass(frozen=True)
class Located:
    """The object that holds the source."""

    bucket: str
    key: str
    etag: str
    size_bytes: int


def locate(source: str, job_id: str, store: MediaStore, web: Web, max_bytes: int) -> Located:
    """Find the source's object, fetching it first where it is an https URL."""
    url = urlsplit(source)
    if url.scheme == "s3":
        found = _find(store, url.netloc, object_key(source))
        bucket = url.netloc
    else:
        found = _fetch(source, Keys(job_id).source, store, web, max_bytes)
        bucket = store.bucket
    if found.size_bytes == 0:
        raise SourceEmpty(f"The source {bare(source)} has no bytes.")
    if found.size_bytes > max_bytes:
        raise _too_large(source, found.size_bytes, max_bytes)
    return Located(bucket, found.key, found.etag, found.size_bytes)


def forget(source: str, job_id: str, store: MediaStore) -> None:
    """Remove the copy of a source that can't be rendered: it may be mended where it came from."""
    if urlsplit(source).scheme == "https":
        store.s3.delete_object(Bucket=store.bucket, Key=Keys(job_id).source)


def object_key(source: str) -> str:
    """The key of an `s3://bucket/key` URL: everything behind the bucket, as it stands."""
    return source.split("/", 3)[3]


def _find(store: MediaStore, bucket: str, key: str) -> Part:
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


def _fetch(source: str, key: str, store: MediaStore, web: Web, max_bytes: int) -> Part:
    """Copy an https source to `key`, unless an earlier attempt of this job did."""
    origin = hashlib.sha256(source.encode()).hexdigest()
    found = store.head(key)
    if found is not None and found.metadata.get("origin") == origin:
        return found
    answer = open_source(web, source)
    try:
        promised = answer.headers.get("content-length", "")
        if promised.isdecimal() and int(promised) > max_bytes:
            raise _too_large(source, int(promised), max_bytes)
        store.s3.upload_fileobj(
            io.BufferedReader(_Bounded(answer, source, max_bytes), buffer_size=1 << 20),
            store.bucket,
            key,
            ExtraArgs={"Metadata": {"origin": origin}},
        )
    finally:
        answer.close()
    return _find(store, store.bucket, key)


class _Bounded(io.RawIOBase):
    """A response's body that ends in a named error rather than in too many bytes or too few."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, source: str, max_bytes: int) -> None:
        self._answer = answer
        self._source = source
        self._max_bytes = max_bytes
        self._got = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        try:
            piece = self._answer.read(len(view))
        except HTTPError as error:
            raise TransientError(
                f"Reading {bare(self._source)} broke off after {self._got} bytes."
            ) from error
        self._got += len(piece)
        if self._got > self._max_bytes:
            raise _too_large(self._source, self._got, self._max_bytes)
        view[: len(piece)] = piece
        return len(piece)


def _too_large(source: str, size: int, most: int) -> SourceTooLarge:
    return SourceTooLarge(f"The source {bare(source)} has {size} bytes; this stack takes {most}.")
