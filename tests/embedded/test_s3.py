"""What the media store needs of S3."""

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.embedded.conftest import Bench, unique

PART_BYTES = 5 * 1024 * 1024


def _code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.aws("s3-if-absent")
def test_put_if_absent_is_refused_when_present(bench: Bench) -> None:
    s3, key = bench.client("s3"), unique("once")
    s3.put_object(Bucket=bench.bucket, Key=key, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bench.bucket, Key=key, Body=b"second", IfNoneMatch="*")
    assert _code(refused) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bench.bucket, Key=key)["Body"].read() == b"first"


@pytest.mark.aws("s3-if-absent")
def test_multipart_upload_if_absent_is_refused_when_present(bench: Bench) -> None:
    s3, key = bench.client("s3"), unique("once")

    def upload(letter: bytes) -> None:
        about = {"Bucket": bench.bucket, "Key": key}
        upload_id = s3.create_multipart_upload(**about, Metadata={"frames": "90"})["UploadId"]
        parts = []
        for number, size in ((1, PART_BYTES), (2, 100)):
            part = s3.upload_part(
                **about, UploadId=upload_id, PartNumber=number, Body=letter * size
            )
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        s3.complete_multipart_upload(
            **about, UploadId=upload_id, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
        )

    upload(b"a")
    with pytest.raises(ClientError) as refused:
        upload(b"b")
    assert _code(refused) == ("PreconditionFailed", 412)
    head = s3.head_object(Bucket=bench.bucket, Key=key)
    assert (head["ContentLength"], head["Metadata"]) == (PART_BYTES + 100, {"frames": "90"})


def test_ranged_and_conditional_get(bench: Bench) -> None:
    s3, key = bench.client("s3"), unique("ranged")
    about = {"Bucket": bench.bucket, "Key": key}
    etag = s3.put_object(**about, Body=b"0123456789")["ETag"]
    answer = s3.get_object(**about, Range="bytes=2-4", IfMatch=etag)
    assert answer["Body"].read() == b"234"
    assert answer["ContentRange"] == "bytes 2-4/10"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert s3.get_object(**about, Range="bytes=-3")["Body"].read() == b"789"
    with pytest.raises(ClientError) as changed:
        s3.get_object(**about, IfMatch='"another"')
    assert _code(changed) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as beyond:
        s3.get_object(**about, Range="bytes=20-")
    assert _code(beyond) == ("InvalidRange", 416)


@pytest.mark.aws("s3-presigned")
def test_presigned_url_serves_ranges_over_http(bench: Bench) -> None:
    s3, key = bench.client("s3"), unique("signed")
    s3.put_object(Bucket=bench.bucket, Key=key, Body=b"0123456789")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bench.bucket, "Key": key})
    request = urllib.request.Request(url, headers={"Range": "bytes=5-"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert (answer.status, answer.read()) == (206, b"56789")


def test_ffmpeg_seeks_in_a_presigned_url(bench: Bench, ffmpeg: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    quiet = ["-v", "error", "-nostdin"]
    make = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30:duration=20"]
    subprocess.run([ffmpeg, *quiet, *make, "-c:v", "libx264", "-g", "30", clip], check=True)
    s3, key = bench.client("s3"), unique("clip")
    s3.upload_file(str(clip), bench.bucket, key)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bench.bucket, "Key": key})
    read = subprocess.run(
        [ffmpeg, *quiet, "-ss", "15", "-i", url, "-frames:v", "3", "-f", "framecrc", "-"],
        check=True,
        capture_output=True,
        text=True,
    )
    frames = [line for line in read.stdout.splitlines() if not line.startswith("#")]
    assert len(frames) == 3


def test_bucket_that_demands_tls_can_be_used(bench: Bench) -> None:
    s3, bucket = bench.client("s3"), unique("tls")
    s3.create_bucket(Bucket=bucket)
    arn = f"arn:aws:s3:::{bucket}"
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    s3.put_object(Bucket=bucket, Key="key", Body=b"body")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"body"
