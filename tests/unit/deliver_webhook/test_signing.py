"""Signatures, verified by the specification's own library."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from functions.deliver_webhook.signing import BOTH_FOR, StackSecrets, signed_headers
from tests.mocked_aws import mocked_aws

BODY = '{"type":"job.completed","data":{"note":"\\u00fc"}}'
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()


def now() -> datetime:
    return datetime.now(UTC)


def test_a_receiver_believes_what_was_signed_with_its_secret() -> None:
    headers = signed_headers([SECRET], "evt_1", BODY, now())
    assert Webhook(SECRET).verify(BODY, headers)["type"] == "job.completed"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"body": BODY.replace("completed", "failed")}, "No matching signature"),
        ({"webhook-id": "evt_2"}, "No matching signature"),
        ({"later_s": 1}, "No matching signature"),
        ({"secret": OTHER}, "No matching signature"),
        ({"age": timedelta(minutes=6)}, "too old"),
    ],
)
def test_nothing_can_be_changed(change: dict[str, Any], why: str) -> None:
    given = dict(change)
    signed_at = now() - given.pop("age", timedelta())
    headers = signed_headers([SECRET], "evt_1", BODY, signed_at)
    if "later_s" in given:
        moved = int(headers["webhook-timestamp"]) + given.pop("later_s")
        given["webhook-timestamp"] = str(moved)
    body, secret = given.pop("body", BODY), given.pop("secret", SECRET)
    with pytest.raises(WebhookVerificationError, match=why):
        Webhook(secret).verify(body, {**headers, **given})


def test_two_secrets_give_two_signatures_and_either_is_believed() -> None:
    headers = signed_headers([SECRET, OTHER], "evt_1", BODY, now())
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(BODY, headers)


def test_a_secret_may_be_written_with_its_prefix_or_without() -> None:
    for written in (SECRET, SECRET.removeprefix("whsec_")):
        Webhook(SECRET).verify(BODY, signed_headers([written], "evt_1", BODY, now()))


@pytest.fixture
def manager() -> Iterator[Any]:
    with mocked_aws():
        yield boto3.client("secretsmanager")


@pytest.fixture
def arn(manager: Any) -> str:
    return str(manager.create_secret(Name="webhooks", SecretString=SECRET)["ARN"])


def test_a_new_stack_has_one_secret(manager: Any, arn: str) -> None:
    assert StackSecrets(manager, arn).get(now()) == (SECRET,)


def test_after_a_change_the_old_secret_signs_for_a_week(manager: Any, arn: str) -> None:
    manager.put_secret_value(SecretId=arn, SecretString=OTHER)
    assert StackSecrets(manager, arn).get(now()) == (OTHER, SECRET)
    later = now() + BOTH_FOR + timedelta(minutes=1)
    assert StackSecrets(manager, arn).get(later) == (OTHER,)


def test_the_secret_is_asked_for_every_five_minutes(manager: Any, arn: str) -> None:
    clock = [0.0]
    secrets = StackSecrets(manager, arn, clock=lambda: clock[0])
    assert secrets.get(now()) == (SECRET,)
    manager.put_secret_value(SecretId=arn, SecretString=OTHER)
    clock[0] = 299
    assert secrets.get(now()) == (SECRET,)
    clock[0] = 301
    assert secrets.get(now()) == (OTHER, SECRET)


def test_a_secret_that_may_not_be_read_is_no_missing_one(manager: Any, arn: str) -> None:
    manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    with pytest.raises(manager.exceptions.ResourceNotFoundException):
        StackSecrets(manager, arn).get(now())


def test_no_secret_is_shown_where_its_holder_is_printed(manager: Any, arn: str) -> None:
    secrets = StackSecrets(manager, arn)
    secrets.get(now())
    assert SECRET not in repr(secrets)
