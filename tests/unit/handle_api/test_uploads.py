"""Addresses for sources: in the caller's own place, of the declared size, in parts where needed."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.handle_api.callers import Caller
from functions.handle_api.models import MOST_PARTS, CompleteUpload, Upload, UploadRequest
from functions.handle_api.problems import Problem
from functions.handle_api.uploads import SINGLE_BYTES, begin, complete, part_sizes, safe_name
from functions.shared.job import parse_input
from functions.shared.media_store import MediaStore
from tests.unit.conftest import NOW
from tests.unit.handle_api.conftest import ANN, BEN, Api

S3_PART_BYTES = 5 * 2**20
"""S3 takes no smaller part, but for the last."""
MOST_BYTES = 5 * 2**40


def query(url: str) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}


def test_a_file_is_one_put_of_exactly_its_size(api: Api) -> None:
    answer = api.call("POST", "/uploads", {"name": "My talk (1).mov", "size_bytes": 1000})
    upload = Upload.model_validate(answer.json)
    (part,) = upload.parts
    signed = query(part.url)

    assert answer.status == 201
    assert (upload.upload_id, upload.complete_url) == (None, None)
    assert (part.number, part.size_bytes) == (1, 1000)
    assert upload.source.startswith(f"s3://media/uploads/{ANN}/")
    assert upload.source.endswith("/My-talk-1-.mov")
    assert signed["X-Amz-SignedHeaders"] == "content-length;host"
    assert upload.expires_at - NOW == timedelta(seconds=int(signed["X-Amz-Expires"]))
    assert urlsplit(part.url).path.endswith(upload.source.removeprefix("s3://media"))


def test_its_source_is_one_the_caller_may_render(api: Api) -> None:
    source = api.call("POST", "/uploads", {"name": "..", "size_bytes": 1}).json["source"]
    assert source.endswith("/source")
    job = {"source": source, "render": {"outputs": [{}]}}
    assert api.call("POST", "/jobs", job).status == 202
    assert api.call("POST", "/jobs", job, sub=BEN).status == 422


def multipart(store: MediaStore, size_bytes: int) -> Upload:
    wanted = UploadRequest(name="long.mp4", size_bytes=size_bytes)
    return begin(
        Caller(ANN), wanted, store, MOST_BYTES, NOW, single_bytes=10, part_bytes=S3_PART_BYTES
    )


def put(store: MediaStore, upload: Upload) -> list[str]:
    """As a client does it, by what the addresses say; returns the ETags."""
    key = upload.source.removeprefix("s3://media/")
    return [
        store.s3.upload_part(
            Bucket=store.bucket,
            Key=key,
            UploadId=query(part.url)["uploadId"],
            PartNumber=int(query(part.url)["partNumber"]),
            Body=bytes([part.number]) * part.size_bytes,
        )["ETag"]
        for part in upload.parts
    ]


@pytest.mark.parametrize("quoted", [True, False])
def test_a_large_file_is_sent_in_parts_and_put_together(api: Api, quoted: bool) -> None:  # noqa: FBT001
    upload = multipart(api.store, 2 * S3_PART_BYTES + 7)
    assert [part.size_bytes for part in upload.parts] == [S3_PART_BYTES, S3_PART_BYTES, 7]
    assert [query(part.url)["X-Amz-SignedHeaders"] for part in upload.parts] == [
        "content-length;host"
    ] * 3
    assert upload.complete_url == f"/uploads/{upload.upload_id}/complete"
    etags = put(api.store, upload)
    body = {"source": upload.source, "etags": [e if quoted else e.strip('"') for e in etags]}

    answer = api.call("POST", upload.complete_url, body)

    assert (answer.status, answer.json) == (200, {"source": upload.source})
    stored = api.store.head(upload.source.removeprefix("s3://media/"))
    assert stored is not None
    assert stored.size_bytes == 2 * S3_PART_BYTES + 7


def test_an_upload_that_is_no_more_is_not_there(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_arguments: Any) -> None:
        told = {"Error": {"Code": "NoSuchUpload", "Message": "no"}}
        raise ClientError(told, "CompleteMultipartUpload")  # type: ignore[arg-type]

    upload = multipart(api.store, 11)
    monkeypatch.setattr(api.store.s3, "complete_multipart_upload", refuse)
    answer = api.call(
        "POST", str(upload.complete_url), {"source": upload.source, "etags": ["0" * 32]}
    )
    assert (answer.status, answer.json["type"]) == (404, "urn:reelwright:problem:not-found")


def test_parts_that_s3_has_not_are_refused(api: Api) -> None:
    upload = multipart(api.store, S3_PART_BYTES + 1)
    put(api.store, upload)
    body = {"source": upload.source, "etags": ["0" * 32, "1" * 32]}
    answer = api.call("POST", str(upload.complete_url), body)
    assert (answer.status, answer.json["errors"][0]["path"]) == (422, "etags")


@pytest.mark.parametrize(
    "source",
    [
        "s3://media/jobs/a/out/video.mp4",
        f"s3://media/uploads/{BEN}/0f8fad5bd9cb469fa16570867728950e/a.mp4",
        f"s3://media/uploads/{ANN}/../{BEN}/a.mp4",
        f"s3://media/uploads/{ANN}/0f8fad5bd9cb469fa16570867728950e/../a.mp4",
        f"s3://other/uploads/{ANN}/0f8fad5bd9cb469fa16570867728950e/a.mp4",
        "",
    ],
)
def test_only_ones_own_uploads_can_be_completed(api: Api, source: str) -> None:
    upload = multipart(api.store, 11)
    done = CompleteUpload(source=source, etags=tuple(put(api.store, upload)))
    with pytest.raises(Problem) as refused:
        complete(Caller(ANN), str(upload.upload_id), done, api.store)
    assert refused.value.document().status == 422


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "a", "size_bytes": 0}, "size_bytes"),
        ({"name": "a", "size_bytes": 1.5}, "size_bytes"),
        ({"name": "a", "size_bytes": 100 * 2**30 + 1}, "size_bytes"),
        ({"name": "", "size_bytes": 1}, "name"),
        ({"name": "a" * 256, "size_bytes": 1}, "name"),
        ({"size_bytes": 1}, "name"),
        ({"name": "a", "size_bytes": 1, "key": "jobs/x"}, "key"),
    ],
)
def test_what_can_not_be_uploaded_is_said(api: Api, body: Any, path: str) -> None:
    answer = api.call("POST", "/uploads", body)
    assert (answer.status, answer.json["errors"][0]["path"]) == (422, path)


@pytest.mark.aws("s3-multipart")
@given(st.integers(1, MOST_BYTES))
def test_parts_make_the_whole_and_s3_takes_each(size_bytes: int) -> None:
    sizes = part_sizes(size_bytes)
    assert sum(sizes) == size_bytes
    assert len(sizes) <= MOST_PARTS
    assert max(sizes) <= SINGLE_BYTES
    assert all(size >= S3_PART_BYTES for size in sizes[:-1])
    assert sizes[-1] > 0


@given(st.text(min_size=1, max_size=255))
def test_any_name_makes_a_key_that_a_source_may_have(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 128
    assert safe not in (".", "..")
    source = f"s3://media/uploads/{ANN}/x/{safe}"
    assert parse_input({"source": source, "render": {"outputs": [{}]}}).source == source
