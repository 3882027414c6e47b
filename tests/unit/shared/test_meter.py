"""What a call is said to have used is what was sent for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.shared.media_store import MediaStore
from functions.shared.meter import Meter, process_age_s
from tests.mocked_aws import mocked_aws

ROW = {"id": {"S": "a"}}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> Meter:
    return Meter(clock)


@pytest.fixture
def _aws() -> Iterator[None]:
    with mocked_aws():
        yield


@pytest.mark.parametrize(
    ("took_s", "billed_ms"), [(0.0, 0), (0.0001, 1), (0.0010001, 2), (0.1 + 0.2, 300), (1.5, 1500)]
)
def test_time_is_billed_by_begun_milliseconds(
    meter: Meter, clock: Clock, took_s: float, billed_ms: int
) -> None:
    meter.begin()
    clock.now += took_s
    assert meter.billed_ms == billed_ms


def test_a_cold_start_is_billed_with_the_first_call_alone(meter: Meter, clock: Clock) -> None:
    meter.loaded(0.2501)
    clock.now = 60
    meter.begin()
    clock.now += 1
    assert meter.billed_ms == 1251
    meter.begin()
    clock.now += 1
    assert meter.billed_ms == 1000


def test_a_process_is_no_older_than_lambda_lets_it_begin() -> None:
    assert 0 < process_age_s() <= 10


@pytest.mark.usefixtures("_aws")
def test_s3_requests_are_counted_by_class(meter: Meter, tmp_path: Path) -> None:
    s3 = meter.watch(boto3.client("s3"))
    s3.create_bucket(Bucket="media")
    meter.begin()
    store = MediaStore(s3, "media")

    store.write("parts/a", b"12345", "text/plain")
    file = tmp_path / "b"
    file.write_bytes(b"1234567")
    store.upload("parts/b", file, "text/plain", {})
    made = s3.create_multipart_upload(Bucket="media", Key="parts/c")
    of_it = {"Bucket": "media", "Key": "parts/c", "UploadId": made["UploadId"]}
    etag = s3.upload_part(**of_it, PartNumber=1, Body=b"123")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(**of_it, MultipartUpload=parts)
    store.read("parts/a")
    store.head("none")
    store.presigned("parts/a")
    s3.list_objects_v2(Bucket="media")
    s3.delete_object(Bucket="media", Key="parts/a")

    used = meter.used
    # Two files whole; one in a part, begun and completed; and the list.
    assert (used.s3_puts, used.s3_gets, used.s3_addresses) == (6, 2, 1)
    assert used.stored_bytes == 5 + 7 + 3


@pytest.mark.usefixtures("_aws")
def test_units_are_what_dynamodb_says_and_a_refused_write_is_charged(meter: Meter) -> None:
    dynamodb = meter.watch(boto3.client("dynamodb"))
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    meter.begin()
    dynamodb.put_item(TableName="t", Item=ROW)
    dynamodb.get_item(TableName="t", Key=ROW, ConsistentRead=True)
    written = meter.used
    # To moto every read is an eventual one.
    assert (written.write_units, written.read_units) == (1, 0.5)

    other = {"id": {"S": "b"}}
    put: Any = {"TableName": "t", "Item": ROW, "ConditionExpression": "attribute_not_exists(id)"}
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Put": {**put, "Item": other}}])
    assert meter.used.write_units == 1 + 2 * 2
    with pytest.raises(ClientError):
        dynamodb.put_item(**put)
    assert meter.used.write_units == 1 + 2 * 2 + 1


def test_a_call_begins_with_nothing_used(meter: Meter) -> None:
    meter.add(s3_puts=1, read_units=0.5)
    meter.begin()
    assert meter.used == type(meter.used)()
