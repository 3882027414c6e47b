"""Files outlive their engine: bytes, versions and all that S3 tells of them."""

import os
from typing import Any

from tests.embedded.conftest import Bench, unique
from tests.embedded.kept.conftest import restart

MB = 1_000_000


def test_files_of_any_size(bench: Bench) -> None:
    s3, bucket = bench.client("s3"), bench.bucket
    large = os.urandom(40 * MB)
    s3.put_object(
        Bucket=bucket, Key="large", Body=large, Metadata={"plan": "7"}, ContentType="video/mp4"
    )
    s3.put_object(Bucket=bucket, Key="a b/ü", Body=b"small", Tagging="kind=part")
    s3.put_object(Bucket=bucket, Key="gone", Body=large[:MB])
    s3.delete_object(Bucket=bucket, Key="gone")
    upload = {"Bucket": bucket, "Key": "parts"}
    made = s3.create_multipart_upload(**upload, ChecksumAlgorithm="CRC32")
    upload |= {"UploadId": made["UploadId"]}
    pieces = [large[: 6 * MB], b"end"]
    parts = [
        {
            "PartNumber": number,
            "ETag": answer["ETag"],
            "ChecksumCRC32": answer["ChecksumCRC32"],
        }
        for number, piece in enumerate(pieces, 1)
        if (
            answer := s3.upload_part(
                **upload, PartNumber=number, Body=piece, ChecksumAlgorithm="CRC32"
            )
        )
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def seen() -> dict[str, Any]:
        heads = {
            key: s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            for key in ("large", "a b/ü", "parts")
        }
        attributes = s3.get_object_attributes(
            Bucket=bucket, Key="parts", ObjectAttributes=["ObjectParts", "Checksum"]
        )
        tags = s3.get_object_tagging(Bucket=bucket, Key="a b/ü")["TagSet"]
        answers = {**heads, "attributes": attributes}
        return {"tags": tags} | {
            name: {k: v for k, v in answer.items() if k != "ResponseMetadata"}
            for name, answer in answers.items()
        }

    before = seen()
    restart(bench.aws)
    assert seen() == before
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == large
    assert s3.get_object(Bucket=bucket, Key="a b/ü")["Body"].read() == b"small"
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"".join(pieces)
    ranged = s3.get_object(Bucket=bucket, Key="large", Range="bytes=1000-1999")["Body"]
    assert ranged.read() == large[1000:2000]
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert "gone" not in keys
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "large"}, {"Key": "parts"}]})


def test_older_versions_of_a_file(bench: Bench) -> None:
    s3, bucket = bench.client("s3"), unique("versions")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    bodies = [os.urandom(MB), b"tiny", os.urandom(MB)]
    versions = [s3.put_object(Bucket=bucket, Key="k", Body=b)["VersionId"] for b in bodies]
    restart(bench.aws)
    read = [
        s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read()
        for version in versions
    ]
    assert read == bodies
    s3.delete_object(Bucket=bucket, Key="k", VersionId=versions[2])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"tiny"
