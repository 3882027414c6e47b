"""What the functions do that make media, called as the state machine calls them, on a job whose
files they find taken away."""

from hashlib import sha256

from functions.shared.errors import PartMismatch, SourceNotMedia, SourceUnreachable
from functions.shared.media_store import Keys
from tests.integration.changes import open_uploads
from tests.integration.permissions.world import World


def plan_render(world: World) -> None:
    captions = [{"source": world.words, "language": "en", "mode": "burn"}]
    request = world.request(edit={"clips": [{"end_s": 2}], "captions": captions})
    job = world.granted(request)
    event = {"job_id": job.job_id, "execution_arn": job.arn, "epoch": job.epoch}
    assert world.call("PlanRender", event)["chunk_count"] == 1
    keys = Keys(job.job_id)
    world.assert_there(keys.plan, keys.chunks)

    _forget(world)
    nowhere = world.granted(world.request(source=f"{world.clip}.none"))
    said, failed = world.ask(
        "PlanRender",
        {"job_id": nowhere.job_id, "execution_arn": nowhere.arn, "epoch": nowhere.epoch},
    )
    assert failed
    assert said["errorType"] == SourceUnreachable.__name__
    assert "refuses" not in said["errorMessage"]


def _forget(world: World) -> None:
    """The copy of a source from the web goes, where it turns out to be no media."""
    source = "https://media.example.com/any.mp4"
    job, store = world.granted(world.request(source=source)), world.stack.client.store
    key, origin = Keys(job.job_id).source, sha256(source.encode()).hexdigest()
    store.s3.put_object(Bucket=store.bucket, Key=key, Body=b"no media", Metadata={"origin": origin})
    event = {"job_id": job.job_id, "execution_arn": job.arn, "epoch": job.epoch}
    said, failed = world.ask("PlanRender", event)
    assert (failed, said["errorType"]) == (True, SourceNotMedia.__name__)
    assert store.head(key) is None


def render_chunk(world: World) -> None:
    event = world.again(world.whole)
    made = world.remove(f"{world.keys.parts}small/")
    frames = world.stack.client.plan(event["job_id"])
    assert frames is not None
    (item,) = frames.items
    world.call("RenderChunk", {**event, **item.model_dump(mode="json")})
    world.assert_there(*made)


def render_audio(world: World) -> None:
    event = world.again(world.whole)
    made = world.remove(f"{world.keys.parts}audio/")
    world.call("RenderAudio", event)
    world.assert_there(*made)


def take_snapshots(world: World) -> None:
    event = world.again(world.whole)
    made = world.remove(f"{world.keys.parts}snapshots/")
    world.call("TakeSnapshots", {**event, "batch": 0})
    world.assert_there(*made)


def assemble_render(world: World) -> None:
    event = world.again(world.whole)
    made = world.remove(f"{world.keys.root}out/", world.keys.result)
    _give_up(world, event)
    world.call("AssembleRender", event)
    world.assert_there(*made)


def _give_up(world: World, event: dict[str, str]) -> None:
    """Of a part with other bytes than were rendered nothing is kept, sent parts neither."""
    store, key = world.stack.client.store, world.keys.chunk("small", 0)
    part = store.s3.get_object(Bucket=store.bucket, Key=key)
    body, facts = part["Body"].read(), part["Metadata"]

    def put(content: bytes) -> None:
        store.s3.put_object(Bucket=store.bucket, Key=key, Body=content, Metadata=facts)

    _abort(world, event["job_id"])
    put(body[:-1] + bytes([body[-1] ^ 1]))
    try:
        said, failed = world.ask("AssembleRender", event)
    finally:
        put(body)
    assert (failed, said["errorType"]) == (True, PartMismatch.__name__)
    assert open_uploads(world.stack, event["job_id"]) == 0


def _abort(world: World, job_id: str) -> None:
    """What an assembler left that may not abort."""
    store = world.stack.client.store
    listed = store.s3.list_multipart_uploads(Bucket=store.bucket, Prefix=f"jobs/{job_id}/")
    for one in listed.get("Uploads", []):
        store.s3.abort_multipart_upload(
            Bucket=store.bucket, Key=one["Key"], UploadId=one["UploadId"]
        )


def resize_snapshot(world: World) -> None:
    world.assert_there(world.keys.snapshot("00000-160.jpg"))
    key = world.keys.resized("00000-160.jpg", 96)
    store = world.stack.client.store
    store.s3.delete_object(Bucket=store.bucket, Key=key)
    event = {"job_id": world.whole["job_id"], "name": "00000-160.jpg", "width": 96}
    world.call("ResizeSnapshot", event)
    world.assert_there(key)
