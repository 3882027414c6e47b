"""Make an output's file visible, once, and only what passed its checks."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass

from functions.assemble_render.checks import CheckedOutput
from functions.assemble_render.staging import Sent, Stage, check_stored, send
from functions.assemble_render.stored import StoredFile, open_stored
from functions.shared.errors import PartMismatch, RenderMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.mp4.source import ByteSource
from functions.shared.parts import Deadline
from functions.shared.plan import Plan


@dataclass(frozen=True, slots=True)
class Staged:
    """An output that waits for the others before it is published."""

    key: str
    sent: Sent | None
    """None: an earlier attempt published it."""
    checked: CheckedOutput


@dataclass(frozen=True, slots=True)
class Published:
    """A file under its final key."""

    key: str
    size_bytes: int
    sha256: str | None


def publish_outputs(
    store: MediaStore,
    job_id: str,
    plan: Plan,
    outputs: list[CheckedOutput],
    threads: Executor,
    begin: Callable[[], None],
    deadline: Deadline,
) -> list[Published]:
    """Upload all outputs, `begin`, then publish all. RenderMismatch, and nothing new is visible."""
    with ExitStack() as undo:
        stage = Stage(store, plan, threads, undo, deadline)
        staged = []
        for checked in outputs:
            key = Keys(job_id).output(checked.output.name, checked.output.suffix)
            staged.append(_stage(stage, checked, key))
        begin()
        return [_publish(store, plan, one) for one in staged]


def _stage(stage: Stage, checked: CheckedOutput, key: str) -> Staged:
    """Upload a file without publishing it, unless an earlier attempt published it."""
    there = is_ours(stage.store, key, stage.plan.hash)
    sent = None if there else send(stage, checked, key)
    return Staged(key, sent, checked)


def _publish(store: MediaStore, plan: Plan, staged: Staged) -> Published:
    """Complete the upload, then read back from the store what can be read."""
    sent = staged.sent
    if sent is None or not sent.upload.complete():
        # Another attempt of this job was first: its file must be as good as ours.
        if not is_ours(store, staged.key, plan.hash):
            raise RenderMismatch(f"{staged.key} could not be published and is not there")
        size_bytes = _verify_stored(store, staged.key, check_stored(plan, staged.checked, None))
        return Published(staged.key, size_bytes, None)
    try:
        size_bytes = _verify_stored(store, staged.key, check_stored(plan, staged.checked, sent))
    except RenderMismatch:
        store.s3.delete_object(Bucket=store.bucket, Key=staged.key)
        raise
    return Published(staged.key, size_bytes, sent.sha256)


def _verify_stored(
    store: MediaStore, key: str, check: Callable[[StoredFile, ByteSource], None]
) -> int:
    try:
        opened = open_stored(store, key, key)
    except PartMismatch as error:
        raise RenderMismatch(str(error)) from error
    if opened is None:
        raise RenderMismatch(f"{key} was published and is not there")
    check(*opened)
    return opened[0].size_bytes


def is_ours(store: MediaStore, key: str, plan_hash: str) -> bool:
    """Whether `key` was published for this plan; RenderMismatch where it was for another."""
    found = store.head(key)
    if found is not None and found.metadata.get("plan") != plan_hash:
        raise RenderMismatch(
            f"{key} was published for another plan of this job; remove it or send a new job"
        )
    return found is not None
