"""Pictures that were made in one piece: their bytes checked, copied to where they belong."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from functions.assemble_render.checks import open_part
from functions.assemble_render.publish import is_ours
from functions.assemble_render.result import OutputResult
from functions.assemble_render.stored import StoredFile, check_bytes, copy_pinned
from functions.shared.containers import content_type
from functions.shared.disposition import content_disposition
from functions.shared.errors import PartMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.mp4.inspection import named
from functions.shared.plan import Plan, WholePicture


@dataclass(frozen=True, slots=True)
class CheckedWhole:
    """A picture that holds the bytes its worker made and checked."""

    picture: WholePicture
    file: StoredFile
    frames: int


def check_whole_pictures(
    store: MediaStore, job_id: str, plan: Plan, threads: Executor
) -> list[CheckedWhole]:
    """Raises PartMissing, PartForeign or PartMismatch, naming the output."""

    def check(picture: WholePicture) -> CheckedWhole:
        output = picture.output
        name = f"output {output.name}"
        key = Keys(job_id).chunk(output.name, 0, output.suffix)
        file, source = open_part(store, key, name, plan.hash)
        frames = file.metadata.get("frames", "")
        with named(name):
            if not frames.isdecimal() or not int(frames):
                raise PartMismatch(f"says that it has {frames!r} frames")
            check_bytes(source, file)
        return CheckedWhole(picture, file, int(frames))

    return list(threads.map(check, plan.whole_pictures))


def publish_whole_pictures(
    store: MediaStore, job_id: str, plan: Plan, checked: list[CheckedWhole], threads: Executor
) -> Iterator[OutputResult]:
    """Copy the parts to their final keys, unless an earlier attempt did."""

    def copy(one: CheckedWhole) -> str:
        output = one.picture.output
        key = Keys(job_id).output(output.name, output.suffix)
        if not is_ours(store, key, plan.hash):
            shown = output.filename and content_disposition(output.filename, output.suffix)
            copy_pinned(one.file, key, content_type(output.container), shown)
        return key

    for one, key in zip(checked, threads.map(copy, checked), strict=True):
        yield _result(one, key)


def _result(checked: CheckedWhole, key: str) -> OutputResult:
    picture = checked.picture
    return OutputResult(
        name=picture.output.name,
        key=key,
        size_bytes=checked.file.size_bytes,
        sha256=checked.file.metadata["sha256"],
        frames=checked.frames,
        duration_s=float(checked.frames / picture.rate) if picture.rate else 0.0,
        width=picture.output.width,
        height=picture.output.height,
        rate=picture.rate,
        audio=None,
    )
