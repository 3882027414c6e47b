"""The pictures of a live stream: published as far as they were taken."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from pydantic import ValidationError

from functions.assemble_render.checks import open_part
from functions.assemble_render.naming import in_sentences
from functions.assemble_render.publish import is_ours
from functions.assemble_render.result import Billing, Checks, Result, SnapshotResult, write_result
from functions.assemble_render.stored import StoredFile, check_bytes, copy_pinned
from functions.shared.errors import PartMismatch
from functions.shared.media_store import Keys, MediaStore, snapshot_name
from functions.shared.mp4.inspection import named
from functions.shared.mp4.source import read_exactly
from functions.shared.plan import LivePlan, LiveRecord

_THREADS = 8


@dataclass(frozen=True, slots=True)
class _Taken:
    """A picture that holds the bytes its worker made."""

    file: StoredFile
    name: str
    index: int


def assemble_live(
    store: MediaStore,
    plan: LivePlan,
    begin_publishing: Callable[[], None],
    billed: Billing | None = None,
) -> Result:
    """Check what the record names, publish it, write result.json. Done again, it changes nothing.

    Raises PartMissing, PartForeign, PartMismatch, RenderMismatch, TransientError.
    """
    with in_sentences(), ThreadPoolExecutor(_THREADS) as threads:
        record = _record(store, plan)
        taken = _check(store, plan, record, threads)
        begin_publishing()
        list(threads.map(lambda one: _publish(store, plan, one), taken))
    result = Result(
        job_id=plan.job_id,
        plan_hash=plan.hash,
        outputs=(),
        snapshots=tuple(_result(plan, one) for one in taken),
        checks=Checks(
            parts=0, part_bytes=0, frames=0, audio_packets=0, files=0, pictures=len(taken)
        ),
        notes=record.notes,
    )
    return write_result(store, result, billed)


def _record(store: MediaStore, plan: LivePlan) -> LiveRecord:
    """What the watch left; PartMissing where it left nothing."""
    name, key = "the record of the live pictures", Keys(plan.job_id).live_record
    file, source = open_part(store, key, name, plan.hash)
    with named(name):
        check_bytes(source, file)
    try:
        return LiveRecord.model_validate_json(read_exactly(source, 0, file.size_bytes))
    except ValidationError as error:
        raise PartMismatch(f"{name} is damaged ({key})") from error


def _check(
    store: MediaStore, plan: LivePlan, record: LiveRecord, threads: Executor
) -> list[_Taken]:
    wanted = [(index, width) for index in record.taken for width in plan.widths]

    def check(picture: tuple[int, int]) -> _Taken:
        index, width = picture
        name = f"live picture {index} of width {width}"
        file_name = snapshot_name(index, width, plan.format)
        key = Keys(plan.job_id).snapshot_part(file_name)
        file, source = open_part(store, key, name, plan.hash)
        if file.metadata.get("started") != record.started_at:
            raise PartMismatch(f"{name} is of another run of its job ({key})")
        with named(name):
            check_bytes(source, file)
        return _Taken(file, file_name, index)

    return list(threads.map(check, wanted))


def _publish(store: MediaStore, plan: LivePlan, taken: _Taken) -> None:
    """Also where an earlier run has published one: this run's stands in its place."""
    key = Keys(plan.job_id).snapshot(taken.name)
    is_ours(store, key, plan.hash)
    copy_pinned(taken.file, key)


def _result(plan: LivePlan, taken: _Taken) -> SnapshotResult:
    facts = taken.file.metadata
    return SnapshotResult(
        key=Keys(plan.job_id).snapshot(taken.name),
        time_s=plan.moments_s[taken.index],
        frame=None,
        live_at=facts["live"],
        width=int(facts["width"]),
        height=int(facts["height"]),
        size_bytes=taken.file.size_bytes,
    )
