"""What is held against the plan before a chunk's parts are kept. ffmpeg is played by made parts."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import pytest

from functions.render_chunk import render
from functions.render_chunk.render import render_chunk
from functions.shared.errors import ChunkIncomplete, SourceChanged, TransientError
from functions.shared.ffmpeg import Input
from functions.shared.media_store import Keys, Part
from functions.shared.plan import Clock, Output, Plan, Source, Video
from tests.unit.mp4.making import Grid, make_chunk

RATE = Fraction(30)
SMALL = Output(name="s", width=160, height=90, keyint=30, audio_track=None)
SOURCE = Source(bucket="b", key="clip", etag='"1"', size_bytes=1, container="mov")
PLAN = Plan(
    job_id="job",
    source=SOURCE,
    clock=Clock(zero_s=Fraction(0), container_start_s=Fraction(0)),
    video=Video(stream_index=0, rate=RATE, total_frames=90),
    audio=None,
    outputs=(SMALL, SMALL.model_copy(update={"name": "t"})),
    snapshots=None,
    chunk_frames=30,
    threads=1,
    max_parallel=1,
)
MIDDLE = PLAN.chunks[1]
GAVE_UP = "[in#0/mov @ 0x1] Error during demuxing: Connection reset by peer"


@dataclass
class Store:
    """A media store that holds the plan, the source, and what is uploaded."""

    source: Source = SOURCE
    kept: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def head(self, key: str, *, bucket: str | None = None) -> Part | None:
        if bucket is None:
            return Part(key, 1, "", self.kept[key]) if key in self.kept else None
        return Part(key, self.source.size_bytes, self.source.etag, {})

    def presigned(self, key: str, *, bucket: str | None = None) -> str:
        return f"http://{bucket}/{key}"

    def upload(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:
        assert (file.exists(), content_type) == (True, "video/mp4")
        self.kept[key] = metadata

    def read_plan(self, job_id: str) -> Plan:
        assert job_id == PLAN.job_id
        return PLAN


@dataclass
class Encoder:
    """Leaves a part of so many frames for each output, whatever is asked of it."""

    parts: Sequence[Path]
    stderr: str = ""
    meanwhile: Callable[[], None] = lambda: None

    def __call__(self, options: Sequence[str], source: Input, *, timeout_s: float) -> str:
        assert timeout_s > 0
        assert source.name == "s3://b/clip"
        wanted = [option for option in options if option.endswith(".mp4")]
        for part, file in zip(self.parts, wanted, strict=True):
            shutil.copyfile(part, file)
        self.meanwhile()
        return self.stderr


@pytest.fixture(scope="module")
def parts(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """By their number of frames."""
    assert ffmpeg.exists()
    folder = tmp_path_factory.mktemp("parts")
    counts = (MIDDLE.frames - 1, MIDDLE.frames, MIDDLE.frames + 1)
    return {n: make_chunk(folder / f"{n}.mp4", Grid(RATE), 0, n) for n in counts}


@pytest.fixture
def store() -> Store:
    return Store()


def rendered(store: Store, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(render, "run_ffmpeg", encoder)
    return render_chunk(store, PLAN.job_id, MIDDLE, remaining_s=60)


def test_parts_as_planned_are_kept(
    store: Store, parts: dict[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rendered(store, Encoder([parts[30]] * 2), monkeypatch) == 30
    keys = [Keys(PLAN.job_id).chunk(name, MIDDLE.index) for name in ("s", "t")]
    assert store.kept == {key: {"plan": PLAN.hash, "frames": "30"} for key in keys}


@pytest.mark.parametrize("frames", [29, 31])
def test_a_frame_too_few_or_too_many_is_not_kept(
    store: Store, parts: dict[int, Path], monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    with pytest.raises(
        ChunkIncomplete, match=rf"^Chunk 1 .* at any preroll: {frames} frames instead of 30\.$"
    ):
        rendered(store, Encoder([parts[frames]] * 2), monkeypatch)
    assert store.kept == {}


def test_outputs_of_which_one_has_a_frame_more_are_not_kept(
    store: Store, parts: dict[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ChunkIncomplete, match=r"different frame counts, \[30, 31\]\.$"):
        rendered(store, Encoder([parts[30], parts[31]]), monkeypatch)
    assert store.kept == {}


def test_parts_after_a_lost_connection_are_not_kept_though_their_frames_count_right(
    store: Store, parts: dict[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TransientError, match=r"lost its connection .* may be damaged\.$"):
        rendered(store, Encoder([parts[30]] * 2, GAVE_UP), monkeypatch)
    assert store.kept == {}


def test_parts_of_a_source_that_was_replaced_meanwhile_are_not_kept(
    store: Store, parts: dict[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_source() -> None:
        store.source = SOURCE.model_copy(update={"etag": '"2"'})

    with pytest.raises(SourceChanged, match=r"^s3://b/clip was replaced"):
        rendered(store, Encoder([parts[30]] * 2, meanwhile=replace_source), monkeypatch)
    assert store.kept == {}
