"""What the API sent is written once, and known again."""

import boto3
import pytest

from functions.shared.job import Request, parse_input
from functions.shared.submissions import Submissions, is_of, message_group
from tests.unit.conftest import GOOD, NOW


@pytest.fixture
def submissions(aws: None) -> Submissions:  # noqa: ARG001 - made inside it
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="submissions",
        KeySchema=[{"AttributeName": "job_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "job_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return Submissions(dynamodb, "submissions")


def request(**more: object) -> Request:
    return parse_input({**GOOD, "job_id": "a", "owner": "ann", **more})


def test_the_first_row_stays(submissions: Submissions) -> None:
    assert submissions.get("a") is None
    first = submissions.put(request(priority=1), NOW)
    assert (first["job_id"], first["owner"]) == ("a", "ann")
    second = submissions.put(request(priority=2), NOW)
    assert second["request"] == first["request"]
    stored = submissions.get("a")
    assert stored is not None
    assert is_of(stored, request(priority=1))
    assert not is_of(stored, request(priority=2))


def test_the_secret_is_part_of_what_was_sent(submissions: Submissions) -> None:
    secrets = [{"webhook_secret": "whsec_" + letter * 32} for letter in "ab"]
    row = submissions.put(request(notify=secrets[0]), NOW)
    assert is_of(row, request(notify=secrets[0]))
    assert not is_of(row, request(notify=secrets[1]))
    assert not is_of(row, request())


def test_a_row_that_can_not_be_read_is_of_no_request() -> None:
    assert not is_of({"request": "rubbish"}, request())


def test_a_lane_is_a_group() -> None:
    """Letters and digits only, as SQS wants it, whatever the key holds."""
    one = message_group(request(order_key="ä/☃ \n"))
    assert one.isalnum()
    assert one == message_group(request(order_key="ä/☃ \n", job_id="b"))
    others = [
        message_group(request(order_key="ä/☃")),
        message_group(request(order_key="ä/☃ \n", owner="ben")),
        message_group(request(order_key="ä/☃ \n", owner=None)),
        message_group(request()),
        message_group(request(job_id="b")),
    ]
    assert len({one, *others}) == 6
