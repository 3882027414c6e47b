"""The handlers: an event in, a small answer out."""

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

import functions.render_audio.handler
import functions.render_chunk.handler
import functions.shared.metering
import functions.take_live_snapshots.handler
import functions.take_snapshots.handler
from functions.shared.errors import JobEnded
from functions.shared.jobs_table import ended
from functions.shared.media_store import Keys
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import FolderStore, plan_job, request

CONTEXT = SimpleNamespace(
    aws_request_id="r", function_name="f", get_remaining_time_in_millis=lambda: 300_000
)
JOB = {"job_id": "job", "execution_arn": "arn:1"}
RUNNING = SimpleNamespace(check_running=lambda *_: None)


@pytest.fixture(autouse=True)
def _metered(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call used is told as a function of this size tells it."""
    monkeypatch.setattr(functions.shared.metering, "media_store", lambda: store)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
    monkeypatch.setenv("STORAGE_MB", "512")


def receipts(store: FolderStore) -> list[str]:
    """The functions that left one."""
    return sorted(path.parts[-3] for path in store.path(Keys("job").receipts).rglob("*!*"))


def invoke(
    module: ModuleType, store: FolderStore, event: dict[str, Any], patch: pytest.MonkeyPatch
) -> Any:
    patch.setattr(module, "media_store", lambda: store)
    patch.setattr(module, "jobs_table", lambda: RUNNING)
    return module.handle(event, CONTEXT)


def test_one_job_through_the_handlers(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Kind("clip", ".mp4", f"{H264} {AAC}", length_s=3, sound_s=3)
    output = {"video": {"preset": "ultrafast"}}
    wanted = request(render={"outputs": [output]}, chunk_s=2, snapshots={"count": 2})
    plan = plan_job(store, wanted, make(ffmpeg, kind, tmp_path))

    for chunk in plan.chunks:
        event = {**JOB, **chunk.model_dump()}
        answer = invoke(functions.render_chunk.handler, store, event, monkeypatch)
        assert answer == {"index": chunk.index, "frames": chunk.frames}
    event = {**JOB}
    answer = invoke(functions.render_audio.handler, store, event, monkeypatch)
    assert answer == {"job_id": "job"}
    event = {**JOB, "batch": 0}
    answer = invoke(functions.take_snapshots.handler, store, event, monkeypatch)
    assert answer == {"batch": 0, "files": 2}

    sound = store.head(Keys("job").audio("aac-128k.m4a"))
    assert sound is not None
    assert abs(int(sound.metadata["samples"]) - 3 * 48_000) < 2048
    chunks = ["render_chunk"] * len(plan.chunks)
    assert receipts(store) == ["render_audio", *chunks, "take_snapshots"]


@pytest.mark.parametrize(
    ("module", "event"),
    [
        (
            functions.render_chunk.handler,
            {**JOB, "index": 0, "start_frame": 0, "end_frame": 1},
        ),
        (functions.render_audio.handler, {**JOB}),
        (functions.take_snapshots.handler, {**JOB, "batch": 0}),
        (functions.take_live_snapshots.handler, {**JOB, "watch": None}),
    ],
)
def test_a_worker_of_an_ended_job_starts_nothing(
    module: ModuleType, event: dict[str, Any], store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(job_id: str, _: str) -> None:
        raise ended(job_id)

    touched: list[str] = []
    monkeypatch.setattr(module, "jobs_table", lambda: SimpleNamespace(check_running=refuse))
    monkeypatch.setattr(module, "media_store", lambda: touched.append("store"))
    with pytest.raises(JobEnded, match="job was ended"):
        module.handle(event, CONTEXT)
    assert touched == []
    assert len(receipts(store)) == 1, "even that is billed"


def test_unknown_field_in_an_event_is_an_error(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {**JOB, "batch": 0, "surprise": 1}
    with pytest.raises(ValidationError):
        invoke(functions.take_snapshots.handler, store, event, monkeypatch)
