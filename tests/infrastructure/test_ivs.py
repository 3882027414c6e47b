"""A stream that starts on a channel of Amazon IVS is a job, by the rules of every job."""

import json
from typing import Any

import pytest

from functions.shared.job import parse_request
from infrastructure.stage import Stage, StageError
from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import Synthesis, plain

ARN = "arn:aws:ivs:us-east-1:000000000000:channel/AbCd1234"
CHANNEL: dict[str, Any] = {
    "arn": ARN,
    "playback_url": "https://0123.us-east-1.playback.live-video.net/api/video/v1/channel.m3u8",
    "count": 3,
    "period_s": 60,
    "widths": [320, 1280],
}


@pytest.fixture(scope="module")
def watching(synthesize: Synthesize) -> Synthesis:
    """A stage with a channel; its findings are accepted with their reasons."""
    return synthesize(checked=True, ivs_channels=json.dumps([CHANNEL]))


def rule(stack: Synthesis) -> dict[str, Any]:
    [found] = [
        dict(one["Properties"])
        for name, one in stack.of_type("AWS::Events::Rule").items()
        if name.startswith("IvsStreams")
    ]
    return found


def test_the_rule_matches_the_start_of_a_stream_on_that_channel(watching: Synthesis) -> None:
    assert rule(watching)["EventPattern"] == {
        "source": ["aws.ivs"],
        "detail-type": ["IVS Stream State Change"],
        "resources": [ARN],
        "detail": {"event_name": ["Stream Start"]},
    }
    assert "EventBusName" not in rule(watching)


def test_its_message_is_a_request_named_after_the_stream(watching: Synthesis) -> None:
    [target] = rule(watching)["Targets"]
    transformer = target["InputTransformer"]
    [name] = transformer["InputPathsMap"]
    assert transformer["InputPathsMap"][name] == "$.detail.stream_id"
    text = transformer["InputTemplate"].replace(f"<{name}>", "st-1aBcD")

    request = parse_request(text)

    assert request.job_id == "ivs-st-1aBcD"
    assert request.source == CHANNEL["playback_url"]
    assert request.live is not None
    assert list(request.live.moments_s) == [0, 20, 40]
    assert list(request.live.widths) == [320, 1280]
    assert len(request.model_dump(exclude_defaults=True)) == 3


def test_the_queue_takes_its_messages(watching: Synthesis) -> None:
    [target] = rule(watching)["Targets"]
    assert plain(target["Arn"]) == "JobQueue"
    assert target["SqsParameters"] == {"MessageGroupId": "ivs-AbCd1234"}
    assert watching.named("JobQueue")["ContentBasedDeduplication"] is True
    assert plain(target["DeadLetterConfig"]["Arn"]) == "IvsStreamsMissed"


def test_rules_of_another_account_can_not_send_to_the_queue(watching: Synthesis) -> None:
    allowed = [
        statement
        for policy in watching.of_type("AWS::SQS::QueuePolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow" and plain(statement["Resource"]) == "JobQueue"
    ]
    assert [statement["Condition"] for statement in allowed] == [
        {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    ]


def test_without_channels_nothing_listens(stack: Synthesis) -> None:
    assert not [name for name in stack.template["Resources"] if name.startswith("IvsStreams")]
    assert "ContentBasedDeduplication" not in stack.named("JobQueue")


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ("here", "ivs_channels"),
        ('[{"arn": "arn:aws:ivs:us-east-1:1:channel/x"}]', "ivs_channels.0.arn"),
        (json.dumps([{**CHANNEL, "playback_url": "http://a"}]), "ivs_channels.0.playback_url"),
        (json.dumps([{**CHANNEL, "count": 0}]), "ivs_channels.0.count"),
    ],
)
def test_a_faulty_channel_is_named_before_anything_is_built(channels: str, said: str) -> None:
    with pytest.raises(StageError) as refused:
        Stage.from_context({"ivs_channels": channels})
    assert said in str(refused.value)
