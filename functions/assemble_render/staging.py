"""Upload an output's file without publishing it, and say how it is checked once it is there."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.assemble_render.checks import CheckedOutput
from functions.assemble_render.remux import Remuxed, check_room, remux
from functions.assemble_render.stored import StoredFile, check_bytes, read_checked
from functions.assemble_render.upload import Upload
from functions.shared.containers import REMUXED, content_type
from functions.shared.disposition import content_disposition
from functions.shared.errors import PartMismatch, RenderMismatch
from functions.shared.media_store import MediaStore
from functions.shared.mp4.about import About
from functions.shared.mp4.source import ByteSource, MemoryBytes
from functions.shared.mp4.stitch import Stitch, plan_stitch, stitched
from functions.shared.mp4.verification import verify_file
from functions.shared.parts import Deadline
from functions.shared.plan import Output, Plan


@dataclass(frozen=True, slots=True)
class Stage:
    """What making a file needs beside its parts."""

    store: MediaStore
    plan: Plan
    threads: Executor
    undo: ExitStack
    """Discards what is uploaded, if it stays unpublished."""
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that waits to be published."""

    upload: Upload
    sha256: str


def send(stage: Stage, checked: CheckedOutput, key: str) -> Sent:
    """Make the output's file and upload it. Raises PartMismatch, RenderMismatch, OutputTooLarge."""
    output = checked.output
    audio = (checked.audio.movie, checked.audio.track) if checked.audio else None
    tracks = [chunk.track for chunk in checked.chunks]
    about = About(is_quicktime=output.container == "mov", tags=output.metadata)
    stitch = plan_stitch(tracks, stage.plan.video.frame_ticks, audio, about)
    expected = replace(checked.expected(stage.plan), size_bytes=stitch.size_bytes)
    # The tables as another reader will see them, before anything is sent.
    verify_file(MemoryBytes(stitch.head, stitch.size_bytes), expected, name=key)
    if output.container in REMUXED:
        return _send_remuxed(stage, checked, key, stitch)
    upload = _upload(stage, output, key, stitch, {})
    digest = sha256()

    def digested() -> Iterator[bytes]:
        for piece in _pieces(stage, checked, stitch):
            digest.update(piece)
            yield piece

    _send(stage, upload, digested(), stitch.size_bytes)
    return Sent(upload, digest.hexdigest())


def _send_remuxed(stage: Stage, checked: CheckedOutput, key: str, stitch: Stitch) -> Sent:
    """Its SHA-256 is stored with it, as its tables are not of a kind that is read here."""
    output = checked.output
    packets = [stitch.frames, *([checked.audio.part.packets] if checked.audio else [])]
    with TemporaryDirectory(prefix="remux-") as folder:
        check_room(output, stitch.size_bytes, Path(folder))
        left_s = stage.deadline.left_s(f"making the {output.container} file of {output.name}")
        pieces = _pieces(stage, checked, stitch)
        made: Remuxed = remux(output, pieces, packets, Path(folder), left_s)
        upload = _upload(stage, output, key, stitch, {"sha256": made.sha256})
        _send(stage, upload, made.pieces(), made.size_bytes)
    return Sent(upload, made.sha256)


def _pieces(stage: Stage, checked: CheckedOutput, stitch: Stitch) -> Iterator[bytes]:
    """The stitched file, each part held against what its worker stored with it."""
    video = read_checked(((part.file, part.extents) for part in checked.chunks), stage.threads)
    sound = [(checked.audio.file, checked.audio.extents)] if checked.audio else []
    return stitched(stitch, video, read_checked(sound, stage.threads))


def _upload(stage: Stage, output: Output, key: str, stitch: Stitch, more: dict[str, str]) -> Upload:
    named = output.filename
    upload = Upload(
        stage.store,
        key,
        content_type(output.container),
        {"plan": stage.plan.hash, "frames": str(stitch.frames), **more},
        content_disposition(named, output.suffix) if named else None,
    )
    stage.undo.callback(upload.discard)
    return upload


def _send(stage: Stage, upload: Upload, pieces: Iterator[bytes], size_bytes: int) -> None:
    upload.send(pieces, size_bytes, stage.threads)
    if upload.size_bytes != size_bytes:
        raise RenderMismatch(f"{upload.key} has {upload.size_bytes} bytes, not {size_bytes}")


def check_stored(
    plan: Plan, checked: CheckedOutput, sent: Sent | None
) -> Callable[[StoredFile, ByteSource], None]:
    """What a published file is held against: its tables; those of the containers that are not read
    here were compared packet by packet when it was made, so its bytes are. `sent`: by this attempt.
    Raises RenderMismatch."""

    def of_tables(file: StoredFile, source: ByteSource) -> None:
        size_bytes = sent.upload.size_bytes if sent else None
        verify_file(source, replace(checked.expected(plan), size_bytes=size_bytes), name=file.key)

    def of_bytes(file: StoredFile, source: ByteSource) -> None:
        if sent is not None and file.size_bytes != sent.upload.size_bytes:
            raise RenderMismatch(
                f"{file.key} has {file.size_bytes} bytes, not {sent.upload.size_bytes}"
            )
        if sent is None:
            try:
                check_bytes(source, file)
            except PartMismatch as error:
                raise RenderMismatch(f"{file.key} {error}") from error

    return of_bytes if checked.output.container in REMUXED else of_tables
