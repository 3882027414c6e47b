"""How changes of jobs are told: stream, bus, topic for people, queue of webhooks."""

import string
from typing import Any

import pytest

from functions.deliver_webhook.post import TIMEOUT_S
from functions.deliver_webhook.schedule import MOST_ATTEMPTS
from functions.shared.job_event import KINDS, SOURCE, detail_type
from infrastructure import webhooks
from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import Resource, Synthesis, plain

TERMINAL = {"completed", "failed", "cancelled", "rejected"}


def mapping(stack: Synthesis, function: str) -> Resource:
    """The properties of the event source mapping that calls a function."""
    (found,) = [
        each["Properties"]
        for each in stack.of_type("AWS::Lambda::EventSourceMapping").values()
        if plain(each["Properties"]["FunctionName"]) == function
    ]
    return dict(found)


def test_the_jobs_tables_stream_tells_what_was_and_what_is(stack: Synthesis) -> None:
    assert stack.named("Jobs")["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert "StreamSpecification" not in stack.named("Turns")


def test_a_change_that_cannot_be_announced_is_kept_and_holds_nothing_back_for_ever(
    stack: Synthesis,
) -> None:
    stream = mapping(stack, "AnnounceJobFunction")

    assert plain(stream["EventSourceArn"]) == "Jobs.StreamArn"
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["BisectBatchOnFunctionError"] is True
    assert 0 < stream["MaximumRetryAttempts"] <= 1000
    assert 3600 <= stream["MaximumRecordAgeInSeconds"] < 86_400  # the stream keeps a day
    kept = stream["DestinationConfig"]["OnFailure"]["Destination"]
    assert plain(kept) == "AnnouncingMissed"
    # Lambda takes standard queues only.
    assert "FifoQueue" not in stack.named("AnnouncingMissed")


def test_people_are_told_of_every_end_and_of_nothing_else(stack: Synthesis) -> None:
    rules = [
        rule["Properties"]
        for rule in stack.of_type("AWS::Events::Rule").values()
        if plain(rule["Properties"].get("EventBusName", "")) == "AnnouncingBus"
    ]

    told = [name for rule in rules for name in rule["EventPattern"]["detail-type"]]
    assert sorted(told) == sorted(detail_type(kind) for kind in KINDS.values() if kind in TERMINAL)
    for rule in rules:
        assert rule["EventPattern"]["source"] == [SOURCE]
        (target,) = rule["Targets"]
        assert plain(target["Arn"]) == "AnnouncingTopic"
        assert plain(target["DeadLetterConfig"]["Arn"]) == "AnnouncingMissed"
        # For a topic with a key of its own, delivery fails where the target names a role.
        assert "RoleArn" not in target
        paths = target["InputTransformer"]["InputPathsMap"].values()
        assert "$.detail.job_id" in paths


@pytest.mark.aws("sns-mail")
def test_an_address_to_mail_to_is_subscribed(stack: Synthesis, synthesize: Synthesize) -> None:
    mailed = synthesize(notify_email="video@example.com").only("AWS::SNS::Subscription")

    assert stack.of_type("AWS::SNS::Subscription") == {}
    assert (mailed["Protocol"], mailed["Endpoint"]) == ("email", "video@example.com")
    assert plain(mailed["TopicArn"]) == "AnnouncingTopic"


def test_webhooks_wait_in_order_for_each_job_and_are_given_up_after_a_day(stack: Synthesis) -> None:
    queue = stack.named("Webhooks")

    assert queue["FifoQueue"] is True
    assert queue["DeduplicationScope"] == "messageGroup"
    assert plain(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "WebhooksDeadLetters"
    assert queue["RedrivePolicy"]["maxReceiveCount"] == MOST_ATTEMPTS == webhooks.MOST_ATTEMPTS
    assert stack.named("WebhooksDeadLetters")["FifoQueue"] is True
    deliveries = mapping(stack, "DeliverWebhookFunction")
    assert plain(deliveries["EventSourceArn"]) == "Webhooks"
    assert deliveries["BatchSize"] == 1
    assert deliveries["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 2 <= deliveries["ScalingConfig"]["MaximumConcurrency"] <= 100


def test_an_attempt_fits_its_function_and_its_message_stays_hidden(stack: Synthesis) -> None:
    function = stack.functions()["deliver_webhook"]

    assert function["Timeout"] >= 2 * TIMEOUT_S
    assert stack.named("Webhooks")["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_whatever_secret_is_generated_is_base64(stack: Synthesis) -> None:
    secret = stack.named("WebhooksSecret")
    made: dict[str, Any] = secret["GenerateSecretString"]

    left = set(string.ascii_letters + string.digits + string.punctuation)
    assert left - set(made["ExcludeCharacters"]) == set(string.ascii_letters + string.digits + "+/")
    assert made["PasswordLength"] % 4 == 0  # no padding
    assert 24 <= made["PasswordLength"] * 3 // 4 <= 64
    assert not made.get("IncludeSpace", False)
    assert plain(secret["KmsKeyId"]) == "Key"


def test_no_secret_stands_in_the_template_or_a_functions_settings(stack: Synthesis) -> None:
    function = stack.functions()["deliver_webhook"]

    assert plain(function["Environment"]["Variables"]["WEBHOOK_SECRET_ARN"]) == "WebhooksSecret"
    assert "SecretString" not in stack.named("WebhooksSecret")
    assert "resolve:secretsmanager" not in stack.template_path.read_text()
