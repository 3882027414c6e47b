"""Make an output's file and its pictures visible, once, and only what passed its checks."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256

from functions.assemble_render.checks import CheckedOutput, CheckedPicture
from functions.assemble_render.stored import copy_pinned, open_stored, read_checked
from functions.assemble_render.upload import Upload
from functions.shared.errors import PartMismatch, RenderMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.mp4.source import MemoryBytes
from functions.shared.mp4.stitch import plan_stitch, stitched
from functions.shared.mp4.verification import Expected, verify_file
from functions.shared.plan import Plan


@dataclass(frozen=True, slots=True)
class Staged:
    """An output that waits for the others before it is published."""

    key: str
    expected: Expected
    upload: Upload | None
    """None: an earlier attempt published it."""
    sha256: str | None


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
) -> list[Published]:
    """Upload all outputs, `begin`, then publish all. RenderMismatch, and nothing new is visible."""
    with ExitStack() as undo:
        staged = []
        for output in outputs:
            one = _stage(store, job_id, plan, output, threads, undo)
            staged.append(one)
        begin()
        return [_publish(store, plan.hash, one) for one in staged]


def publish_pictures(
    store: MediaStore, job_id: str, plan: Plan, pictures: list[CheckedPicture], threads: Executor
) -> list[str]:
    """Copy the pictures to their final keys, which are returned."""
    keys, plan_hash = Keys(job_id), plan.hash

    def copy(picture: CheckedPicture) -> str:
        key = keys.snapshot(picture.name)
        if not _is_ours(store, key, plan_hash):
            copy_pinned(picture.file, key)
        return key

    return list(threads.map(copy, pictures))


def _stage(
    store: MediaStore,
    job_id: str,
    plan: Plan,
    checked: CheckedOutput,
    threads: Executor,
    undo: ExitStack,
) -> Staged:
    """Upload the stitched file without publishing it; `undo` discards it if it stays so."""
    key = Keys(job_id).output(checked.output.name)
    expected = checked.expected(plan)
    if _is_ours(store, key, plan.hash):
        return Staged(key, expected, None, None)
    audio = (checked.audio.movie, checked.audio.track) if checked.audio else None
    tracks = [chunk.track for chunk in checked.chunks]
    stitch = plan_stitch(tracks, plan.video.frame_ticks, audio)
    expected = replace(expected, size_bytes=stitch.size_bytes)
    # The tables as another reader will see them, before anything is sent.
    verify_file(MemoryBytes(stitch.head, stitch.size_bytes), expected, name=key)
    metadata = {"plan": plan.hash, "frames": str(stitch.frames)}
    upload = Upload(store, key, "video/mp4", metadata)
    undo.callback(upload.discard)
    digest = sha256()

    def pieces() -> Iterator[bytes]:
        video = read_checked(((part.file, part.extents) for part in checked.chunks), threads)
        sound = [(checked.audio.file, checked.audio.extents)] if checked.audio else []
        for piece in stitched(stitch, video, read_checked(sound, threads)):
            digest.update(piece)
            yield piece

    upload.send(pieces(), stitch.size_bytes, threads)
    if upload.size_bytes != stitch.size_bytes:
        raise RenderMismatch(f"{key} has {upload.size_bytes} bytes, not {stitch.size_bytes}")
    return Staged(key, expected, upload, digest.hexdigest())


def _publish(store: MediaStore, plan_hash: str, staged: Staged) -> Published:
    """Complete the upload, then read the tables back from the store."""
    if staged.upload is None or not staged.upload.complete():
        # Another attempt of this job was first: its file must be as good as ours.
        if not _is_ours(store, staged.key, plan_hash):
            raise RenderMismatch(f"{staged.key} could not be published and is not there")
        theirs = replace(staged.expected, size_bytes=None)
        return Published(staged.key, _verify_stored(store, staged.key, theirs), None)
    try:
        size_bytes = _verify_stored(store, staged.key, staged.expected)
    except RenderMismatch:
        store.s3.delete_object(Bucket=store.bucket, Key=staged.key)
        raise
    return Published(staged.key, size_bytes, staged.sha256)


def _verify_stored(store: MediaStore, key: str, expected: Expected) -> int:
    try:
        opened = open_stored(store, key, key)
    except PartMismatch as error:
        raise RenderMismatch(str(error)) from error
    if opened is None:
        raise RenderMismatch(f"{key} was published and is not there")
    return verify_file(opened[1], expected, name=key)


def _is_ours(store: MediaStore, key: str, plan_hash: str) -> bool:
    """Whether `key` was published for this plan; RenderMismatch where it was for another."""
    found = store.head(key)
    if found is not None and found.metadata.get("plan") != plan_hash:
        raise RenderMismatch(
            f"{key} was published for another plan of this job; remove it or send a new job"
        )
    return found is not None
