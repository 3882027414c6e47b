"""What handlers take from the world: how addresses are signed, how AWS's faults are named."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.shared import runtime
from functions.shared.errors import AwsRefused, SourceEmpty, TransientError


class Lambda:
    aws_request_id = "r-1"

    def get_remaining_time_in_millis(self) -> int:
        return 1000


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MEDIA_BUCKET", "media-bucket")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "test")
    for kept in (runtime.media_store, runtime.logger):
        kept.cache_clear()
    yield
    for kept in (runtime.media_store, runtime.logger):
        kept.cache_clear()


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-1"])
def test_presigned_addresses_have_version_4_and_the_regions_own_host(
    monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    url = runtime.media_store().presigned("uploads/a.mp4")
    assert url.startswith(f"https://media-bucket.s3.{region}.amazonaws.com/uploads/a.mp4?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutObject")


@pytest.mark.parametrize(
    "fault",
    [
        refusal("SlowDown", 503),
        refusal("InternalServerError", 500),
        refusal("ThrottlingException", 400),
        refusal("ProvisionedThroughputExceededException", 400),
        refusal("TooManyRequests", 429),
        EndpointConnectionError(endpoint_url="https://s3"),
        ReadTimeoutError(endpoint_url="https://s3"),
    ],
)
def test_a_passing_fault_of_aws_has_the_one_name_that_is_retried(fault: Exception) -> None:
    @runtime.logged
    def handle(_event: Any, _context: Any) -> None:
        raise fault

    with pytest.raises(TransientError):
        handle({}, Lambda())


@pytest.mark.parametrize(
    "fault",
    [
        refusal("AccessDenied", 403),
        refusal("NoSuchKey", 404),
        refusal("ValidationException", 400),
    ],
)
def test_a_refusal_has_one_name_and_the_words_of_the_service(fault: Exception) -> None:
    @runtime.logged
    def handle(_event: Any, _context: Any) -> None:
        raise fault

    with pytest.raises(AwsRefused, match="PutObject"):
        handle({}, Lambda())


@pytest.mark.parametrize("fault", [SourceEmpty("It is empty."), KeyError("job_id")])
def test_a_fault_of_another_kind_keeps_its_own_name(fault: Exception) -> None:
    @runtime.logged
    def handle(_event: Any, _context: Any) -> None:
        raise fault

    with pytest.raises(type(fault)):
        handle({}, Lambda())
