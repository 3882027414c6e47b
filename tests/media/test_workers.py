"""What workers do when things go wrong: killed, cut off, out of time, repeated."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from functions.render_audio.render import render_audio
from functions.render_chunk.render import render_chunk
from functions.shared.errors import (
    InvalidRequest,
    RenderTimedOut,
    SourceChanged,
    SourceTruncated,
    SourceUnreachable,
    TransientError,
)
from functions.shared.media_store import Keys
from functions.shared.plan import Chunk, Plan
from tests.media.serving import Faults
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import (
    JOB,
    PLENTY_S,
    SECRET,
    FolderStore,
    decode,
    lossless,
    plan_job,
    render_job,
    request,
    stitch_job,
)

CLIP = Kind("clip", ".mp4", f"{H264} {AAC} -movflags +faststart", length_s=6, sound_s=6)


@pytest.fixture
def clip(ffmpeg: Path, tmp_path: Path) -> Path:
    return make(ffmpeg, CLIP, tmp_path)


@pytest.fixture
def own_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test's own, to see what is left in it."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def wait_for_child(name: str, timeout_s: float = 20) -> int:
    """The id of this process's child of that name, once it used some CPU."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (found := _child(int(entry.name), name)):
                return found
        threading.Event().wait(0.01)
    raise AssertionError(f"no child {name} within {timeout_s} s")


def _child(pid: int, name: str) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    comm = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    busy = int(fields[11]) >= 20
    return pid if comm == name and int(fields[1]) == os.getpid() and busy else None


def test_killed_renderer_is_transient_and_a_retry_makes_exactly_the_chunk(
    store: FolderStore, ffmpeg: Path, clip: Path, own_tmp: Path
) -> None:
    plan = plan_job(store, lossless(), clip)
    slow = _with_preset(store, plan, "veryslow", height=1440)
    chunk = slow.chunks[1]
    key = Keys(JOB).chunk("video", chunk.index)
    raised: list[BaseException] = []
    worker = threading.Thread(
        target=_catch(raised, lambda: render_chunk(store, JOB, chunk, remaining_s=PLENTY_S))
    )
    worker.start()
    os.kill(wait_for_child("ffmpeg"), signal.SIGKILL)
    worker.join()

    assert [type(error) for error in raised] == [TransientError]
    assert store.head(key) is None
    assert list(own_tmp.iterdir()) == []

    store.write_plan(plan)
    assert render_job(store, plan) == 180
    first = stitch_job(store, plan).read_bytes()
    assert len(decode(ffmpeg, store.folder / "video.mp4").pictures) == 180
    for chunk in plan.chunks:
        store.path(Keys(JOB).chunk("video", chunk.index)).unlink()
    render_job(store, plan)
    assert stitch_job(store, plan).read_bytes() == first


def _with_preset(store: FolderStore, plan: Plan, preset: str, height: int) -> Plan:
    size = {"width": 2 * height, "height": height}
    outputs = tuple(
        output.model_copy(
            update={**size, "coding": output.coding.model_copy(update={"preset": preset})}
        )
        for output in plan.outputs
    )
    changed = plan.model_copy(update={"outputs": outputs})
    store.write_plan(changed)
    return changed


def _catch(raised: list[BaseException], work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except TransientError as error:
            raised.append(error)

    return run


def test_renderer_out_of_time_is_stopped_and_named(
    store: FolderStore, clip: Path, own_tmp: Path
) -> None:
    plan = _with_preset(store, plan_job(store, lossless(), clip), "veryslow", height=1440)
    started = time.monotonic()

    with pytest.raises(RenderTimedOut, match="did not finish s3://media/source in 1 s"):
        render_chunk(store, JOB, plan.chunks[0], remaining_s=6)

    assert time.monotonic() - started < 4
    assert list(own_tmp.iterdir()) == []
    assert not [
        p for p in Path("/proc").iterdir() if p.name.isdigit() and _child(int(p.name), "ffmpeg")
    ]


def test_chunk_that_is_there_is_not_made_again(
    store: FolderStore, clip: Path, faults: Faults
) -> None:
    plan = plan_job(store, lossless(), clip)
    frames = render_chunk(store, JOB, plan.chunks[0], remaining_s=PLENTY_S)
    faults.status = 500

    assert render_chunk(store, JOB, plan.chunks[0], remaining_s=PLENTY_S) == frames == 60


def test_chunk_of_another_plan_is_made_again(store: FolderStore, clip: Path) -> None:
    plan = plan_job(store, lossless(), clip)
    render_chunk(store, JOB, plan.chunks[0], remaining_s=PLENTY_S)
    other = plan_job(store, lossless(height=90), clip)
    assert other.hash != plan.hash

    render_chunk(store, JOB, other.chunks[0], remaining_s=PLENTY_S)

    part = store.head(Keys(JOB).chunk("video", 0))
    assert part is not None
    assert part.metadata == {"plan": other.hash, "frames": "60"}


def test_outputs_of_one_chunk_have_the_same_frames_in_their_own_size(
    store: FolderStore, ffmpeg: Path, clip: Path
) -> None:
    outputs = [
        {"name": "large", "video": {"preset": "ultrafast"}},
        {"name": "small", "height": 90, "video": {"preset": "ultrafast", "crf": 30}},
        {"name": "mute", "height": 50, "video": {"preset": "ultrafast"}, "audio": None},
        {"name": "thin", "audio": {"bitrate_kbps": 64}, "video": {"preset": "ultrafast"}},
    ]
    plan = plan_job(store, request(render={"outputs": outputs}, chunk_s=2), clip)

    assert render_job(store, plan) == 180

    sizes = {output.name: (output.width, output.height) for output in plan.outputs}
    assert sizes == {"large": (320, 180), "small": (160, 90), "mute": (88, 50), "thin": (320, 180)}
    for output in plan.outputs:
        assert len(decode(ffmpeg, stitch_job(store, plan, output.name)).pictures) == 180
    assert (
        store.path(Keys(JOB).audio("aac-64k.m4a")).stat().st_size
        < store.path(Keys(JOB).audio("aac-128k.m4a")).stat().st_size
    )


def test_frames_that_are_no_chunk_of_the_plan_are_refused(store: FolderStore, clip: Path) -> None:
    plan_job(store, lossless(), clip)
    with pytest.raises(InvalidRequest, match="not chunk 0"):
        render_chunk(store, JOB, Chunk(index=0, start_frame=0, end_frame=61), remaining_s=PLENTY_S)


@pytest.mark.parametrize("worker", ["chunk", "audio"])
def test_source_replaced_after_planning(store: FolderStore, clip: Path, worker: str) -> None:
    plan = plan_job(store, lossless(), clip)
    store.path("source").write_bytes(clip.read_bytes() + b"\0")

    with pytest.raises(SourceChanged, match="media/source was replaced"):
        work(store, plan, worker)


@pytest.mark.parametrize("worker", ["chunk", "audio"])
def test_store_answering_500_is_transient_and_no_signature_is_told(
    store: FolderStore, clip: Path, faults: Faults, worker: str
) -> None:
    plan = plan_job(store, lossless(), clip)
    faults.status = 500

    with pytest.raises(TransientError, match="media/source") as caught:
        work(store, plan, worker)

    assert SECRET not in str(caught.value)
    assert store.address not in str(caught.value)


def test_store_answering_404_is_final(store: FolderStore, clip: Path, faults: Faults) -> None:
    plan = plan_job(store, lossless(), clip)
    faults.status = 404

    with pytest.raises(SourceUnreachable, match="media/source is not there any more"):
        work(store, plan, "chunk")


@pytest.mark.parametrize("worker", ["chunk", "audio"])
def test_connection_that_dies_for_good_makes_no_part(
    store: FolderStore, clip: Path, faults: Faults, worker: str
) -> None:
    """ffmpeg ends with 0 all the same, after giving up on the rest of the file."""
    plan = plan_job(store, lossless(), clip)
    faults.dead_from_byte = clip.stat().st_size // 4

    with pytest.raises(TransientError):
        work(store, plan, worker)

    assert store.head(Keys(JOB).chunk("video", 0)) is None
    assert store.head(Keys(JOB).audio("aac-128k.m4a")) is None


def test_answers_cut_short_now_and_then_are_taken_up(
    store: FolderStore, clip: Path, faults: Faults
) -> None:
    plan = plan_job(store, lossless(), clip)
    faults.cut_after_bytes = clip.stat().st_size // 30

    assert render_job(store, plan) == 180


def work(store: FolderStore, plan: Plan, worker: str) -> None:
    if worker == "chunk":
        render_chunk(store, JOB, plan.chunks[0], remaining_s=60)
    else:
        render_audio(store, JOB, remaining_s=60)


def test_last_chunk_settles_the_total_where_lengths_lie_a_little(
    store: FolderStore, clip: Path
) -> None:
    plan = plan_job(store, lossless(), clip)
    for lie in (-2, 2, 12):
        video = plan.video.model_copy(update={"total_frames": 180 + lie})
        lying = plan.model_copy(update={"video": video})
        store.write_plan(lying)
        assert render_job(store, lying) == 180


def test_source_far_shorter_than_its_tables_is_named(store: FolderStore, clip: Path) -> None:
    plan = plan_job(store, lossless(), clip)
    video = plan.video.model_copy(update={"total_frames": 230})
    lying = plan.model_copy(update={"video": video})
    store.write_plan(lying)

    with pytest.raises(
        SourceTruncated, match=r"promise 230 frames at 30\.000 per second and it has 180"
    ):
        render_chunk(store, JOB, lying.chunks[-1], remaining_s=PLENTY_S)


def test_sound_far_shorter_than_its_tables_is_named(store: FolderStore, clip: Path) -> None:
    plan = plan_job(store, lossless(), clip)
    assert plan.audio is not None
    lying = plan.model_copy(
        update={"audio": plan.audio.model_copy(update={"duration_s": Fraction(9)})}
    )
    store.write_plan(lying)

    with pytest.raises(SourceTruncated, match=r"6\.\d\d s instead of 9\.00 s"):
        render_audio(store, JOB, remaining_s=PLENTY_S)
