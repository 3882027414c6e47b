"""What a worker made is kept only where its source stayed what it was and was read to its end."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from functions.render_audio import render as audio
from functions.render_chunk import render as chunk
from functions.shared.errors import SourceChanged, TransientError
from functions.shared.media_store import Part
from functions.shared.plan import Plan
from functions.take_snapshots import shooting as pictures
from functions.take_snapshots.take import take_batch
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import JOB, PLENTY_S, FolderStore, plan_job, request

Work = Callable[[FolderStore, Plan], object]
WORKERS: dict[str, tuple[ModuleType, Work]] = {
    "chunk": (
        chunk,
        lambda store, plan: chunk.render_chunk(store, JOB, plan.chunks[0], remaining_s=PLENTY_S),
    ),
    "audio": (audio, lambda store, _: audio.render_audio(store, JOB, remaining_s=PLENTY_S)),
    "pictures": (pictures, lambda store, _: take_batch(store, JOB, 0, remaining_s=60)),
}
GAVE_UP = "[in#0/mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] Error during demuxing: Connection reset by peer"


class ReplacedStore(FolderStore):
    """Its source is another after it was first looked at."""

    looks = 0

    def head(self, key: str, *, bucket: str | None = None) -> Part | None:
        found = super().head(key, bucket=bucket)
        if key != "source" or found is None:
            return found
        self.looks += 1
        etag = found.etag if self.looks == 1 else '"another"'
        return Part(key, found.size_bytes, etag, found.metadata)


@pytest.fixture
def plan(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> Plan:
    clip = make(ffmpeg, Kind("clip", ".mp4", f"{H264} {AAC}", length_s=3, sound_s=3), tmp_path)
    output = {"video": {"preset": "ultrafast"}}
    return plan_job(store, request(render={"outputs": [output]}, snapshots={"count": 1}), clip)


@pytest.mark.parametrize("worker", WORKERS)
def test_what_was_made_of_a_source_that_was_replaced_meanwhile_is_not_kept(
    store: FolderStore, plan: Plan, worker: str
) -> None:
    before = objects(store)
    replaced = ReplacedStore(store.folder, store.address)
    _, work = WORKERS[worker]

    with pytest.raises(SourceChanged, match="media/source was replaced"):
        work(replaced, plan)

    assert replaced.looks == 2
    assert objects(store) == before


@pytest.mark.parametrize("worker", WORKERS)
def test_what_ffmpeg_made_before_it_gave_up_on_its_source_is_not_kept_though_it_seems_whole(
    store: FolderStore, plan: Plan, monkeypatch: pytest.MonkeyPatch, worker: str
) -> None:
    module, work = WORKERS[worker]
    run_ffmpeg = module.run_ffmpeg

    def give_up(*arguments: Any, **more: Any) -> str:
        return f"{run_ffmpeg(*arguments, **more)}\n{GAVE_UP}\n"

    before = objects(store)
    monkeypatch.setattr(module, "run_ffmpeg", give_up)

    with pytest.raises(TransientError, match="lost"):
        work(store, plan)

    assert objects(store) == before
    monkeypatch.undo()
    work(store, plan)
    assert objects(store) > before


def objects(store: FolderStore) -> set[Path]:
    return {path for path in store.path("").rglob("*") if path.is_file()}
