"""A multipart upload that becomes an object only when it is completed, and only if none is there.

See docs/decisions/0005-assembling.md for why this, and not a staged copy.
"""

from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from typing import TYPE_CHECKING, TypedDict
from zlib import crc32

from botocore.exceptions import ClientError

from functions.shared.errors import TransientError
from functions.shared.media_store import MediaStore
from functions.shared.mp4.stitch import Piece

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef


class _Named(TypedDict, total=False):
    ContentDisposition: str


PART_BYTES = 8 << 20
MAX_PARTS = 10_000
"""S3's limit; parts grow with the file where PART_BYTES would need more."""
_IN_FLIGHT = 4
_ALREADY_THERE = {"PreconditionFailed", "NoSuchUpload"}
"""NoSuchUpload: an earlier attempt of the same request completed it and its answer was lost."""

_CONFLICT = "ConditionalRequestConflict"
"""S3 wants the upload made anew: its parts can't be completed any more."""


class Upload:
    """One object on its way."""

    def __init__(
        self,
        store: MediaStore,
        key: str,
        content_type: str,
        metadata: Mapping[str, str],
        content_disposition: str | None = None,
    ) -> None:
        self.store = store
        self.key = key
        self.is_open = True
        self.size_bytes = 0
        self._parts: list[CompletedPartTypeDef] = []
        named: _Named = {"ContentDisposition": content_disposition} if content_disposition else {}
        self._id = store.s3.create_multipart_upload(
            Bucket=store.bucket,
            Key=key,
            ContentType=content_type,
            Metadata=dict(metadata),
            ChecksumAlgorithm="CRC32",
            **named,
        )["UploadId"]

    def send(self, pieces: Iterable[Piece], size_bytes: int, threads: Executor) -> None:
        """Upload the whole file, which will have `size_bytes`, a few parts at a time."""
        sending: deque[Future[CompletedPartTypeDef]] = deque()
        try:
            for number, body in enumerate(_bodies(pieces, part_bytes(size_bytes)), start=1):
                if len(sending) == _IN_FLIGHT:
                    self._parts.append(sending.popleft().result())
                sending.append(threads.submit(self._send_part, number, body))
                self.size_bytes += len(body)
            self._parts.extend(part.result() for part in sending)
        finally:
            # A part still on its way would outlive an abort, and cost storage.
            wait(sending)

    def complete(self) -> bool:
        """Publish; False where the key already holds an object, which is left as it is.

        S3 holds every part against its checksum again, and the whole against its size. Raises
        TransientError where something else was done to the key at the same time.
        """
        try:
            self.store.s3.complete_multipart_upload(
                Bucket=self.store.bucket,
                Key=self.key,
                UploadId=self._id,
                MultipartUpload={"Parts": self._parts},
                MpuObjectSize=self.size_bytes,
                IfNoneMatch="*",
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == _CONFLICT:
                raise TransientError(f"Another write of {self.key} came in between.") from error
            if code not in _ALREADY_THERE:
                raise
            return False
        self.is_open = False
        return True

    def discard(self) -> None:
        """Give up what was sent, unless it was published."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            self.store.s3.abort_multipart_upload(
                Bucket=self.store.bucket, Key=self.key, UploadId=self._id
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchUpload":
                raise

    def _send_part(self, number: int, body: bytes) -> "CompletedPartTypeDef":
        """S3 refuses the part unless the checksum made here is that of the bytes it received."""
        checksum = b64encode(crc32(body).to_bytes(4, "big")).decode()
        answer = self.store.s3.upload_part(
            Bucket=self.store.bucket,
            Key=self.key,
            UploadId=self._id,
            PartNumber=number,
            Body=body,
            ChecksumCRC32=checksum,
        )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32": checksum}


def part_bytes(size_bytes: int) -> int:
    """A part size with which a file of `size_bytes` has at most MAX_PARTS."""
    return max(PART_BYTES, -(-size_bytes // MAX_PARTS))


def _bodies(pieces: Iterable[Piece], length: int) -> Iterator[bytes]:
    """The pieces regrouped to `length` bytes each, the last one shorter."""
    held: list[Piece] = []
    held_bytes = 0
    for piece in pieces:
        rest = piece
        while held_bytes + len(rest) >= length:
            split = length - held_bytes
            yield b"".join([*held, rest[:split]])
            held, held_bytes, rest = [], 0, rest[split:]
        if rest:
            held.append(rest)
            held_bytes += len(rest)
    if held:
        yield b"".join(held)
