"""How parts are read: few requests, several at once, no more memory than is allowed."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from hashlib import sha256
from typing import Any

import pytest

from functions.assemble_render import stored
from functions.assemble_render.assemble import assemble
from functions.assemble_render.stored import StoredFile, read_checked
from functions.shared.errors import RenderTimedOut
from functions.shared.media_store import MediaStore
from functions.shared.mp4.boxes import FIRST_READ_BYTES
from functions.shared.mp4.stitch import Extent
from functions.shared.parts import MARGIN_S
from tests.unit.assemble_render.jobs import JOB, Job


class Lazy(Executor):
    """Does what it is given only when it is asked for it, and counts what waits."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most = 0

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        self.waiting += 1
        self.most = max(self.most, self.waiting)

        def result(_timeout: float | None = None) -> Any:
            self.waiting -= 1
            return call(*given, **named)

        done.result = result  # type: ignore[method-assign]
        return done


def zeros(store: MediaStore, number: int, size_bytes: int) -> tuple[StoredFile, list[Extent]]:
    told = {"sha256": sha256(bytes(size_bytes)).hexdigest()}
    file = StoredFile(store, f"part {number}", f"part {number}", size_bytes, "e", told)
    return file, [Extent(0, size_bytes)]


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        # Small ones are bounded by their number, large ones by their bytes.
        (1000, stored.AHEAD_REQUESTS),
        (4 << 20, stored.AHEAD_BYTES // (4 << 20)),
    ],
)
def test_many_parts_are_under_way_at_once(
    store: MediaStore, monkeypatch: pytest.MonkeyPatch, size_bytes: int, expected: int
) -> None:
    monkeypatch.setattr(stored, "read_exactly", lambda _file, _at, length: bytes(length))
    parts = [zeros(store, number, size_bytes) for number in range(2 * expected)]
    reads = Lazy()

    got = sum(len(piece) for piece in read_checked(parts, reads))

    assert got == 2 * expected * size_bytes
    assert (reads.most, reads.waiting) == (expected, 0)


def requests(job: Job) -> list[dict[str, Any]]:
    """The parameters of every GetObject while the job is assembled."""
    seen: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        seen.append(dict(params))

    events = job.store.s3.meta.events
    events.register("provide-client-params.s3.GetObject", note)
    try:
        job.assemble()
    finally:
        events.unregister("provide-client-params.s3.GetObject", note)
    return seen


def test_a_part_is_read_for_its_tables_and_once_whole(job: Job) -> None:
    key = job.keys.chunk("90p", 1)
    # So large that its first bytes are less than all.
    job.respoil(key, data := job.store.read(key) + bytes(100_000), sha256=sha256(data).hexdigest())

    ranges = [one["Range"] for one in requests(job) if one["Key"] == key]

    assert ranges[0].startswith("bytes=0-")
    assert int(ranges[0].removeprefix("bytes=0-")) < FIRST_READ_BYTES // 8
    assert ranges[1:] == [f"bytes=0-{len(data) - 1}"]


def test_tables_larger_than_expected_are_read_all_the_same(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.assemble_render.checks._TABLE_BYTES", 64)

    job.assemble()

    assert len(job.published()) > 1


def test_nothing_is_published_when_time_runs_out_while_uploading(job: Job) -> None:
    with pytest.raises(RenderTimedOut, match=r"while uploading jobs/job-1/out/90p\.mp4"):
        assemble(job.store, JOB, job.begin_publishing, remaining_s=MARGIN_S)

    assert job.published() == []
    assert job.open_uploads() == 0
