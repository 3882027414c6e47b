"""Upload an output's file without publishing it, and say how it is checked once it is there."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.assemble_render.alpha import with_alpha
from functions.assemble_render.captions import caption_files
from functions.assemble_render.checks import CheckedOutput
from functions.assemble_render.remux import Planned, check_room, remux
from functions.assemble_render.stored import StoredFile, check_bytes, read_checked
from functions.assemble_render.upload import Upload
from functions.shared.containers import REMUXED, content_type
from functions.shared.disposition import content_disposition
from functions.shared.errors import PartMismatch, RenderMismatch
from functions.shared.media_store import MediaStore
from functions.shared.mp4.about import About
from functions.shared.mp4.inspection import named
from functions.shared.mp4.source import ByteSource, MemoryBytes
from functions.shared.mp4.stitch import Extent, Piece, Stitch, plan_stitch, stitched
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
    head_bytes: int = 0
    head_sha256: str = ""
    """Of its tables, which were checked before it was sent."""


def send(stage: Stage, checked: CheckedOutput, key: str) -> Sent:
    """Make the output's file and upload it. Raises PartMismatch, RenderMismatch, OutputTooLarge."""
    output = checked.output
    audio = (checked.audio.movie, checked.audio.track) if checked.audio else None
    tracks = [chunk.track for chunk in checked.chunks]
    # In a file of the other kind PCM's sample entry would be read otherwise.
    as_mov = bool(checked.audio and checked.audio.encoding.container == "mov")
    about = About(is_quicktime=as_mov or output.container == "mov", tags=output.metadata)
    texts = [(text.movie, text.track) for text in checked.texts]
    stitch = plan_stitch(tracks, stage.plan.video.frame_ticks, audio, about, texts)
    expected = replace(checked.expected(stage.plan), size_bytes=stitch.size_bytes)
    # The tables as another reader will see them, before anything is sent.
    verify_file(MemoryBytes(stitch.head, stitch.size_bytes), expected, name=key)
    if output.container in REMUXED:
        return _send_remuxed(stage, checked, key, stitch)
    upload = _upload(stage, output, key, stitch, {})
    digest = sha256()

    def digested() -> Iterator[Piece]:
        for piece in _pieces(stage, checked, stitch):
            digest.update(piece)
            yield piece

    _send(stage, upload, digested(), stitch.size_bytes)
    head_sha256 = sha256(stitch.head).hexdigest()
    return Sent(upload, digest.hexdigest(), len(stitch.head), head_sha256)


def _send_remuxed(stage: Stage, checked: CheckedOutput, key: str, stitch: Stitch) -> Sent:
    """Its SHA-256 is stored with it, as its tables are not of a kind that is read here."""
    output = checked.output
    tracks = [Planned(stitch.frames, sum(sum(one.track.sizes) for one in checked.chunks))]
    if checked.audio is not None:
        sound = checked.audio
        is_pcm = sound.encoding.codec == "pcm"
        packets = None if is_pcm else sound.part.packets
        tracks.append(Planned(packets, sum(sound.track.sizes)))
    with TemporaryDirectory(prefix="remux-") as folder:
        check_room(output, stitch.size_bytes, Path(folder))
        left_s = stage.deadline.left_s(f"making the {output.container} file of {output.name}")
        words = caption_files(stage.store, stage.plan, output)
        beside, pieces = [], _pieces(stage, checked, stitch)
        if checked.alpha:
            beside, pieces = _apart(stage, checked, Path(folder)), _pictures(stage, checked)
        made = remux(output, pieces, tracks, beside, words, Path(folder), left_s)
        upload = _upload(stage, output, key, stitch, {"sha256": made.sha256})
        _send(stage, upload, made.pieces(), made.size_bytes)
    return Sent(upload, made.sha256)


def _apart(stage: Stage, checked: CheckedOutput, folder: Path) -> list[Path]:
    """The sound as a file, where pictures come with their alpha."""
    if checked.audio is None:
        return []
    part, path = checked.audio.file, folder / "sound"
    with path.open("wb") as stream:
        for piece in read_checked([(part, [Extent(0, part.size_bytes)])], stage.threads):
            stream.write(piece)
    return [path]


def _pictures(stage: Stage, checked: CheckedOutput) -> Iterator[bytes]:
    """The pictures and their alpha as one stream."""
    colours, alphas = (
        (
            [part.track for part in parts],
            read_checked(((part.file, part.extents) for part in parts), stage.threads),
        )
        for parts in (checked.chunks, checked.alpha)
    )
    size = (checked.output.width, checked.output.height)
    with named(f"output {checked.output.name}"):
        yield from with_alpha(size, stage.plan.video.rate, colours, alphas)


def _pieces(stage: Stage, checked: CheckedOutput, stitch: Stitch) -> Iterator[Piece]:
    """The stitched file, each part held against what its worker stored with it."""
    video = read_checked(((part.file, part.extents) for part in checked.chunks), stage.threads)
    further: list[Iterable[Piece]] = [[text.media] for text in checked.texts]
    if checked.audio is not None:
        sound = [(checked.audio.file, checked.audio.extents)]
        further.insert(0, read_checked(sound, stage.threads))
    return stitched(stitch, video, *further)


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


def _send(stage: Stage, upload: Upload, pieces: Iterator[Piece], size_bytes: int) -> None:
    def in_time() -> Iterator[Piece]:
        for piece in pieces:
            stage.deadline.left_s(f"uploading {upload.key}")
            yield piece

    upload.send(in_time(), size_bytes, stage.threads)
    if upload.size_bytes != size_bytes:
        raise RenderMismatch(f"{upload.key} has {upload.size_bytes} bytes, not {size_bytes}")


def check_stored(
    plan: Plan, checked: CheckedOutput, sent: Sent | None
) -> Callable[[StoredFile, ByteSource], None]:
    """What a published file is held against: its tables; those of the containers that are not read
    here were compared packet by packet when it was made, so its bytes are. `sent`: by this attempt;
    then its tables are as good as those that were checked where they are the same bytes.
    Raises RenderMismatch."""

    def of_tables(file: StoredFile, source: ByteSource) -> None:
        size_bytes = sent.upload.size_bytes if sent else None
        head = source.read(0, sent.head_bytes) if sent else b""
        if sent and sha256(head).hexdigest() == sent.head_sha256 and file.size_bytes == size_bytes:
            return
        verify_file(source, replace(checked.expected(plan), size_bytes=size_bytes), name=file.key)
        if sent:
            raise RenderMismatch(f"{file.key} has other tables than were sent")

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
