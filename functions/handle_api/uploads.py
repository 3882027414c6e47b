"""Sources on their way into the bucket: presigned addresses, so that no byte passes through here.

A file of up to 5 GiB is one `PUT`; a larger one is a multipart upload, whose parts S3 puts together
when it is told their ETags. The sizes are signed: S3 takes exactly so many bytes.
"""

import re
import uuid
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

from functions.handle_api.callers import Caller
from functions.handle_api.models import (
    MOST_PARTS,
    CompleteUpload,
    Upload,
    Uploaded,
    UploadPart,
    UploadRequest,
)
from functions.handle_api.problems import INVALID_REQUEST, NOT_FOUND, FieldError, Kind, Problem
from functions.shared.media_store import MediaStore

MIB = 2**20
SINGLE_BYTES = 5 * 2**30
"""The most S3 takes in one `PUT`, and in one part."""
LEAST_PART_BYTES = 128 * MIB
SINGLE_FOR = timedelta(hours=1)
MULTIPART_FOR = timedelta(hours=6)
"""An unfinished upload is given up after a day (infrastructure/media_bucket.py)."""
_GIVEN = r"[0-9a-f]{32}/[A-Za-z0-9][A-Za-z0-9.-]*"
"""What `begin` puts behind a caller's prefix."""
_NOT_USABLE = {"EntityTooSmall", "InvalidPart", "InvalidPartOrder"}


def begin(
    caller: Caller,
    wanted: UploadRequest,
    store: MediaStore,
    most_bytes: int,
    now: datetime,
    *,
    single_bytes: int = SINGLE_BYTES,
    part_bytes: int = LEAST_PART_BYTES,
) -> Upload:
    """Addresses to send the file to. `most_bytes`: of any source the stack renders."""
    if wanted.size_bytes > most_bytes:
        raise _refused(
            INVALID_REQUEST,
            "size_bytes",
            f"The file has {wanted.size_bytes} bytes; {most_bytes} are allowed.",
        )
    key = f"{caller.uploads}{uuid.uuid4().hex}/{safe_name(wanted.name)}"
    source = f"s3://{store.bucket}/{key}"
    if wanted.size_bytes <= single_bytes:
        part = UploadPart(
            number=1,
            url=_address(store, "put_object", key, wanted.size_bytes, SINGLE_FOR),
            size_bytes=wanted.size_bytes,
        )
        return Upload(
            source=source,
            parts=(part,),
            upload_id=None,
            complete_url=None,
            expires_at=now + SINGLE_FOR,
        )
    upload_id = store.s3.create_multipart_upload(Bucket=store.bucket, Key=key)["UploadId"]
    parts = [
        UploadPart(
            number=number,
            url=_address(
                store,
                "upload_part",
                key,
                size_bytes,
                MULTIPART_FOR,
                UploadId=upload_id,
                PartNumber=number,
            ),
            size_bytes=size_bytes,
        )
        for number, size_bytes in enumerate(part_sizes(wanted.size_bytes, part_bytes), 1)
    ]
    return Upload(
        source=source,
        parts=tuple(parts),
        upload_id=upload_id,
        complete_url=f"/uploads/{upload_id}/complete",
        expires_at=now + MULTIPART_FOR,
    )


def complete(caller: Caller, upload_id: str, done: CompleteUpload, store: MediaStore) -> Uploaded:
    """Have S3 put the parts together. An upload can be completed once."""
    prefix = f"s3://{store.bucket}/{caller.uploads}"
    if not re.fullmatch(re.escape(prefix) + _GIVEN, done.source):
        raise _refused(INVALID_REQUEST, "source", f"The source is not one given to you: {prefix}…")
    parts: Any = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(done.etags, 1)]
    try:
        store.s3.complete_multipart_upload(
            Bucket=store.bucket,
            Key=done.source.split("/", 3)[3],
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
        )
    except ClientError as error:
        code, said = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code == "NoSuchUpload":
            raise Problem(
                NOT_FOUND, "There is no such unfinished upload: it is whole, given up or not yours."
            ) from None
        if code in _NOT_USABLE:
            raise _refused(INVALID_REQUEST, "etags", f"S3 can't use these parts: {said}") from None
        raise
    return Uploaded(source=done.source)


def part_sizes(size_bytes: int, least_bytes: int = LEAST_PART_BYTES) -> list[int]:
    """Sizes of the parts, in order: equal but for the last."""
    part = max(least_bytes, MIB * ceil(size_bytes / MOST_PARTS / MIB))
    whole, rest = divmod(size_bytes, part)
    return [part] * whole + ([rest] if rest else [])


def safe_name(name: str) -> str:
    """What of a file's name may stand in a key."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[-128:].lstrip("-.") or "source"


def _address(
    store: MediaStore,
    method: str,
    key: str,
    size_bytes: int,
    valid_for: timedelta,
    **more: str | int,
) -> str:
    return store.s3.generate_presigned_url(
        method,
        Params={"Bucket": store.bucket, "Key": key, "ContentLength": size_bytes, **more},
        ExpiresIn=int(valid_for.total_seconds()),
    )


def _refused(kind: Kind, path: str, detail: str) -> Problem:
    return Problem(kind, detail, [FieldError(path=path, detail=detail)])
