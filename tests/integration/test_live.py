"""A live stream through the whole stack, by request and by the event of a stream that starts."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aws_cdk import App, Stack
from aws_cdk import assertions as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from infrastructure.ivs_streams import IvsStreams
from infrastructure.stage import IvsChannel
from local.home import PROJECT
from local.releases import released
from local.stand_ins import stand_in
from tests.integration.changes import assert_freed, assert_unpublished
from tests.integration.conftest import Deployed
from tests.media.live.site import WINDOW, X264, Site, broadcasting, picture, serving
from tests.polling import until

pytestmark = pytest.mark.embedded_only
CHANNEL = "arn:aws:ivs:us-east-1:000000000000:channel/AbCd1234"
STAND_IN = "test.ivs"
ON_LOOPBACK = """
import ssl
from functions.shared.web import Web
from functions.take_live_snapshots import handler, take

take._LOOK_EVERY_S = 1
TLS = ssl.create_default_context(cadata={authority!r})
WEB = Web(resolve=lambda *_: ["127.0.0.1"], is_public=lambda _: True, tls=TLS)
handler._web = lambda: WEB
handle = handler.handle
"""


@pytest.fixture(scope="module")
def site(stack: Deployed, ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A stream on loopback, where take_live_snapshots finds it."""
    folder, authority = tmp_path_factory.mktemp("air"), trustme.CA()
    options = [*picture(), *X264.split(), *f"{WINDOW}+omit_endlist live.m3u8".split()]
    source = ON_LOOPBACK.format(authority=authority.cert_pem.bytes().decode())
    name, alias = stack.function("TakeLiveSnapshots"), stack.client.outputs["StateMachineArn"]
    with (
        broadcasting(ffmpeg, options, folder),
        serving(folder, authority) as here,
        stand_in(stack.client.functions, name, source),
        released(stack.client.functions, stack.client.states, alias, [name]),
    ):
        until((folder / "live2.ts").exists, "the stream to be up", 20)
        yield here


@pytest.fixture
def air(site: Site) -> Iterator[Site]:
    yield site
    site.status, site.edited = None, None


def test_pictures_of_a_stream_that_comes_up_later(stack: Deployed, air: Site) -> None:
    air.status = 404
    live = {"at_s": [0, 2.5], "widths": [32, 64], "wait_s": 60}
    job_id = stack.client.submit({"source": air.url(), "live": live})
    until(lambda: air.asked or None, "the first look", 30)
    air.status = None

    job = stack.wait(job_id)

    assert job["status"] == "COMPLETE", job.get("error")
    result = stack.client.result(job)
    assert result["notes"] == []
    taken = [(one["time_s"], one["width"]) for one in result["snapshots"]]
    assert taken == [(0, 32), (0, 64), (2.5, 32), (2.5, 64)]
    for one in result["snapshots"]:
        body = stack.client.store.read(one["key"])
        assert len(body) == one["size_bytes"]
        assert body.startswith(b"\xff\xd8\xff")
    waits = [one for one in stack.client.stages(job["execution_arn"]) if "Stream" in one.name]
    assert {one.name for one in waits} <= {"Is The Stream Over?", "Wait For Stream"}


def test_the_example_of_a_live_request(stack: Deployed, air: Site) -> None:
    request = json.loads((PROJECT / "examples/requests/live-over-a-period.json").read_text())

    job = stack.run({**request, "source": air.url()})

    assert job["status"] == "COMPLETE", job.get("error")
    assert len(stack.client.result(job)["snapshots"]) == 6


def test_a_stream_that_is_not_there_fails_its_job_by_name(stack: Deployed, air: Site) -> None:
    air.status = 404
    live = {"at_s": [0], "wait_s": 0}
    job = stack.wait(stack.client.submit({"source": air.url(), "live": live}))
    assert (job["status"], job["error"]["name"]) == ("FAILED", "StreamNotUp")
    assert job["error"]["state"] == "Take Live Snapshots"


def test_a_job_that_waits_for_its_stream_can_be_stopped_and_cancelled(
    stack: Deployed, air: Site
) -> None:
    air.status = 404
    live = {"at_s": [0], "wait_s": 600}
    stopped, cancelled = (
        stack.client.submit({"source": air.url(), "live": live}) for _ in range(2)
    )
    arn = until(lambda: waiting_for_stream(stack, stopped), "the wait", 30)
    stack.client.states.stop_execution(executionArn=arn)
    until(lambda: waiting_for_stream(stack, cancelled), "the other's wait", 30)
    stack.client.cancel(cancelled)

    assert stack.wait(stopped)["error"]["name"] == "ExecutionAborted"
    assert stack.wait(cancelled)["status"] == "CANCELLED"
    for job_id in (stopped, cancelled):
        assert_unpublished(stack, job_id)
    assert_freed(stack, stopped, cancelled)


def waiting_for_stream(stack: Deployed, job_id: str) -> str | None:
    """The execution of a job that is in the Wait state."""
    job = stack.client.job(job_id)
    arn = job and job.get("execution_arn")
    if not arn:
        return None
    last = stack.client.states.get_execution_history(
        executionArn=arn, reverseOrder=True, maxResults=1
    )["events"][0]
    return str(arn) if last["type"] == "WaitStateEntered" else None


@pytest.fixture
def rule(stack: Deployed, air: Site) -> Iterator["Synthesized"]:
    """The rule that a stage with the channel has, put by hand onto the default bus.

    With another source, as nobody but Amazon IVS may send what comes from it.
    """
    made = Synthesized(stack.client.outputs["QueueArn"], air.url())
    events, name = stack.service("events"), f"ivs-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=name, EventPattern=json.dumps({**made.pattern, "source": [STAND_IN]}))
    events.put_targets(Rule=name, Targets=[{**made.target, "Id": "queue"}])
    yield made
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


class Synthesized:
    """A channel's rule as CDK makes it."""

    def __init__(self, queue_arn: str, playback_url: str) -> None:
        scope = Stack(App(), "Any")
        channel = IvsChannel(arn=CHANNEL, playback_url=playback_url, count=2, period_s=1)
        IvsStreams(
            scope,
            "IvsStreams",
            channels=[channel],
            queue=sqs.Queue.from_queue_attributes(scope, "Jobs", queue_arn=queue_arn, fifo=True),
            key=kms.Key(scope, "Key"),
        )
        found = cdk.Template.from_stack(scope).find_resources("AWS::Events::Rule")
        [rule] = [one["Properties"] for one in found.values()]
        [target] = rule["Targets"]
        self.pattern: dict[str, Any] = rule["EventPattern"]
        kept = ("Arn", "InputTransformer", "SqsParameters")
        self.target: dict[str, Any] = {key: target[key] for key in kept}


def event(stream_id: str, name: str = "Stream Start", channel: str = CHANNEL) -> dict[str, Any]:
    """As Amazon IVS documents it."""
    return {
        "version": "0",
        "id": "01234567-0123-0123-0123-012345678901",
        "detail-type": "IVS Stream State Change",
        "source": "aws.ivs",
        "account": "000000000000",
        "time": "2026-11-21T12:00:00Z",
        "region": "us-east-1",
        "resources": [channel],
        "detail": {"event_name": name, "channel_name": "any", "stream_id": stream_id},
    }


def start_stream(stack: Deployed, told: dict[str, Any]) -> None:
    put = stack.service("events").put_events(
        Entries=[
            {
                "Source": STAND_IN,
                "DetailType": told["detail-type"],
                "Resources": told["resources"],
                "Detail": json.dumps(told["detail"]),
            }
        ]
    )
    assert put["FailedEntryCount"] == 0


ELSEWHERE = CHANNEL.replace("AbCd", "EfGh")


@pytest.mark.parametrize(
    ("told", "matches"),
    [
        (event("st-1"), True),
        (event("st-1", "Stream End"), False),
        (event("st-1", channel=ELSEWHERE), False),
        ({**event("st-1"), "detail-type": "IVS Recording State Change"}, False),
    ],
)
def test_the_rule_matches_what_it_is_for(
    stack: Deployed, told: dict[str, Any], *, matches: bool
) -> None:
    made = Synthesized("arn:aws:sqs:us-east-1:000000000000:jobs.fifo", "https://live.test/a.m3u8")
    tried = stack.service("events").test_event_pattern(
        EventPattern=json.dumps(made.pattern), Event=json.dumps(told)
    )
    assert tried["Result"] is matches


@pytest.mark.usefixtures("rule")
def test_a_stream_that_starts_on_a_channel_is_one_job(stack: Deployed) -> None:
    stream_id = f"st-{uuid.uuid4().hex[:12]}"
    other = f"st-{uuid.uuid4().hex[:12]}"
    start_stream(stack, event(other, channel=ELSEWHERE))
    start_stream(stack, event(stream_id))
    start_stream(stack, event(stream_id))

    job = stack.wait(f"ivs-{stream_id}")

    assert job["status"] == "COMPLETE", job.get("error")
    assert len(stack.client.result(job)["snapshots"]) == 2
    assert job["attempts"] == 1
    assert stack.client.job(f"ivs-{other}") is None
