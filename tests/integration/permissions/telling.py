"""What the functions do that tell of jobs, or look elsewhere: announce, deliver, watch a stream."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import trustme

from functions.plan_render.live import plan_live
from functions.shared.dynamo_values import to_dynamo
from functions.shared.errors import PartMissing
from functions.shared.job import parse_input
from functions.shared.media_store import Keys
from local.loopback_receiver import LoopbackReceiver
from local.stand_ins import stand_in
from tests.integration.listening import drained, listen
from tests.integration.permissions.world import World, unique
from tests.media.live.site import Site, serving
from tests.polling import until

_ON_LOOPBACK = """
import ssl
from functions.shared.web import Web
from functions.take_live_snapshots import handler

TLS = ssl.create_default_context(cadata={authority!r})
WEB = Web(resolve=lambda *_: ["127.0.0.1"], is_public=lambda _: True, tls=TLS)
handler._web = lambda: WEB
handle = handler.handle
"""


def announce_job(world: World) -> None:
    """Of a job that is done, of one that never began, and of a change that is really made."""
    stack = world.stack
    hook = {"webhook_url": "https://hooks.test/any"}
    done = {**(stack.client.job(world.whole["job_id"]) or {}), "status": "COMPLETE"}
    done["request"] = json.dumps({**json.loads(done["request"]), "notify": hook})
    early = world.claimed()
    records = [_record(done, "1"), _record(stack.client.job(early.job_id) or {}, "2")]
    assert world.call("AnnounceJob", {"Records": records}) == {"batchItemFailures": []}

    listener, stop = listen(stack)
    try:
        job_id = world.registered(world.request())
        until(
            lambda: listener.look() or listener.events[job_id] or None,
            "the event",
            world.patience_s,
        )
    finally:
        stop()
    _tell_nobody(world)


def _tell_nobody(world: World) -> None:
    """Where in the stream a change is that cannot be told, is kept."""
    lambdas, sqs = world.stack.client.functions, world.stack.service("sqs")
    url = world.stack.client.outputs["MissedEventsQueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    name = world.stack.function("AnnounceJob")
    (mapping,) = lambdas.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=0)
    try:
        job = world.claimed()
        result = Keys(job.job_id).result
        world.stack.client.store.write(result, b"no JSON", "application/json")
        world.set(job.job_id, result_key=result)
        world.set(job.job_id, status="COMPLETE")
        until(lambda: drained(sqs, url) or None, "the change that was not told", world.patience_s)
    finally:
        lambdas.update_event_source_mapping(
            UUID=mapping["UUID"], MaximumRetryAttempts=mapping["MaximumRetryAttempts"]
        )


def _record(row: dict[str, object], number: str) -> dict[str, object]:
    image = {name: to_dynamo(value) for name, value in row.items()}
    return {"dynamodb": {"NewImage": image, "SequenceNumber": number}}


def deliver_webhook(world: World) -> None:
    """The receiver is down once, then takes one, and then wants no more."""
    sqs, stack = world.stack.service("sqs"), world.stack
    variables = stack.configuration("DeliverWebhook")["Environment"]["Variables"]
    url = variables["WEBHOOKS_URL"]
    sqs.purge_queue(QueueUrl=url)
    with LoopbackReceiver() as receiver, _delivering(world, receiver):
        receiver.answers["/any"] = [500, 204, 410]
        job_id = world.registered(world.request(notify={"webhook_url": receiver.url("/any")}))
        for _ in range(2):
            event = {"type": "job.any", "data": {"event_id": unique("evt"), "job_id": job_id}}
            sqs.send_message(
                QueueUrl=url,
                MessageBody=json.dumps(event),
                MessageGroupId=job_id,
                MessageDeduplicationId=uuid.uuid4().hex,
            )
        until(
            lambda: "webhook_error" in (stack.client.job(job_id) or {}),
            "the last word",
            world.patience_s,
        )
        assert len(receiver.received) == 3
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

        def is_empty() -> bool:
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            return not any(int(found[name]) for name in names)

        until(is_empty, "the webhooks to be taken off", world.patience_s)


@contextmanager
def _delivering(world: World, receiver: LoopbackReceiver) -> Iterator[None]:
    """With workers of its own: one that ran before knows the stack's secret."""
    function = world.stack.function("DeliverWebhook")
    with stand_in(world.stack.client.functions, function, receiver.source(delay_s=1)):
        yield


def take_live_snapshots(world: World) -> None:
    """Of a camera on loopback whose answer is a film; and where the plan is gone."""
    store = world.stack.client.store
    shown = store.read(world.keys.output("small"))
    with _watching(world) as site:
        site.bodies["/now"] = partial(_one_film, shown)
        live = {"at_s": [0], "widths": [32], "wait_s": 0}
        request = {"source": site.url("/now"), "live": live}
        job = world.running(request)
        event = {"job_id": job.job_id, "execution_arn": job.arn, "watch": None}
        said, failed = world.ask("TakeLiveSnapshots", event)
        assert (failed, said["errorType"]) == (True, PartMissing.__name__), said
        parsed = parse_input({**request, "job_id": job.job_id})
        assert parsed.live is not None
        store.write_live_plan(plan_live(job.job_id, parsed, parsed.live, 3600))
        assert world.call("TakeLiveSnapshots", event)["over"] is True
    keys = Keys(job.job_id)
    world.assert_there(keys.live_record, keys.snapshot_part("00000-32.jpg"))


def _one_film(film: bytes, request: BaseHTTPRequestHandler) -> None:
    """Of no length that is told before."""
    request.send_response(200)
    request.send_header("connection", "close")
    request.end_headers()
    request.wfile.write(film)
    request.close_connection = True


@contextmanager
def _watching(world: World) -> Iterator[Site]:
    authority = trustme.CA()
    source = _ON_LOOPBACK.format(authority=authority.cert_pem.bytes().decode())
    function = world.stack.function("TakeLiveSnapshots")
    with (
        serving(Path(), authority) as site,
        stand_in(world.stack.client.functions, function, source),
    ):
        yield site
