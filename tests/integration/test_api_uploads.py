"""Sources on their way in: one PUT, or parts."""

from collections.abc import Iterator

import pytest
import requests

from tests.integration.callers import Caller, problem, signed_in
from tests.integration.conftest import Deployed

GIB = 2**30


@pytest.fixture(scope="module")
def ann(stack: Deployed) -> Iterator[Caller]:
    with signed_in(stack) as caller:
        yield caller


def test_a_file_is_put_in_the_callers_own_place(stack: Deployed, ann: Caller) -> None:
    source = ann.upload(b"twelve bytes", "Urlaub (1).mov")
    prefix = f"s3://{stack.client.store.bucket}/uploads/{ann.sub}/"
    assert source.startswith(prefix)
    assert source.endswith("/Urlaub-1-.mov")
    key = source.split("/", 3)[3]
    assert stack.client.store.read(key) == b"twelve bytes"


@pytest.mark.aws("s3-presigned")
def test_no_other_number_of_bytes_is_taken(ann: Caller) -> None:
    (part,) = ann.call("POST", "/uploads", {"name": "a", "size_bytes": 3}).json()["parts"]
    assert requests.put(part["url"], data=b"four", timeout=30).status_code == 403


@pytest.fixture
def begun(stack: Deployed, ann: Caller) -> Iterator[dict[str, str]]:
    """A large file's upload; given up in the end."""
    answer = ann.call("POST", "/uploads", {"name": "long.mp4", "size_bytes": 5 * GIB + 1})
    assert answer.status_code == 201, answer.text
    upload = answer.json()
    yield upload
    s3, bucket = stack.client.store.s3, stack.client.store.bucket
    key = upload["source"].split("/", 3)[3]
    s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload["upload_id"])


def test_a_large_file_goes_in_parts(ann: Caller, begun: dict[str, str]) -> None:
    sizes = [part["size_bytes"] for part in begun["parts"]]  # type: ignore[index]
    assert (sum(sizes), sizes[-1], len(sizes)) == (5 * GIB + 1, 1, 41)
    last = begun["parts"][-1]  # type: ignore[index]
    sent = requests.put(last["url"], data=b"x", timeout=30)  # type: ignore[index]
    assert sent.status_code == 200
    # The forty before it were not sent.
    body = {"source": begun["source"], "etags": [sent.headers["ETag"]]}
    told = problem(ann.call("POST", begun["complete_url"], body), 422, "invalid-request")
    assert told["errors"][0]["path"] == "etags"


def test_nobody_else_completes_it(stack: Deployed, begun: dict[str, str]) -> None:
    body = {"source": begun["source"], "etags": ["0" * 32]}
    with signed_in(stack) as other:
        problem(other.call("POST", begun["complete_url"], body), 422, "invalid-request")
        own = other.call("POST", "/uploads", {"name": "a", "size_bytes": 1}).json()["source"]
        answer = other.call("POST", begun["complete_url"], {**body, "source": own})
        problem(answer, 404, "not-found")


def test_an_upload_that_never_began_is_not_there(ann: Caller) -> None:
    own = ann.call("POST", "/uploads", {"name": "a", "size_bytes": 1}).json()["source"]
    answer = ann.call("POST", "/uploads/none/complete", {"source": own, "etags": ["0" * 32]})
    problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "a", "size_bytes": 0}, "size_bytes"),
        ({"name": "a", "size_bytes": 6 * 1024 * GIB}, "size_bytes"),
        ({"name": "a"}, "size_bytes"),
        ({"name": "a", "size_bytes": 1, "key": "jobs/a"}, "key"),
    ],
)
def test_what_can_not_be_uploaded_is_said(ann: Caller, body: object, path: str) -> None:
    told = problem(ann.call("POST", "/uploads", body), 422, "invalid-request")
    assert told["errors"][0]["path"] == path
