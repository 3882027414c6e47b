"""Uploads: of files by one request or in parts, and of what has a length nobody knows yet."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ONE_REQUEST_BYTES = 64 << 20
"""Larger files go up side by side in parts; below, one request costs less and takes no longer."""


def upload_file(
    s3: "S3Client",
    bucket: str,
    key: str,
    file: Path,
    content_type: str,
    metadata: Mapping[str, str],
) -> None:
    with file.open("rb") as body:
        if file.stat().st_size > ONE_REQUEST_BYTES:
            about = {"ContentType": content_type, "Metadata": metadata}
            upload_in_parts(s3, bucket, key, body, about)
            return
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            Metadata=dict(metadata),
        )


def upload_in_parts(
    s3: "S3Client", bucket: str, key: str, body: BinaryIO, about: Mapping[str, object]
) -> None:
    """`about`: more of PutObject's parameters. Raises what reading `body` raises."""
    # Few calls need it, and every start would pay for it.
    from s3transfer.manager import TransferManager  # noqa: PLC0415

    with TransferManager(s3) as transfers:
        transfers.upload(body, bucket, key, dict(about)).result()
