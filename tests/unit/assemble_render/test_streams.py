"""A stream's parts are checked, copied and named; nothing is playable before all is there."""

import itertools
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.render_chunk.segments import in_segments
from functions.shared.errors import JobEnded, PartMismatch, RenderMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Output, Plan, Stream
from tests.unit.assemble_render.conftest import Material
from tests.unit.assemble_render.jobs import JOB, Job, make_output, make_plan

RUNGS = ("film.90p", "film.72p")
GOP = ("keyint=12", "scenecut=0")


def rung(name: str, width: int, height: int) -> Output:
    segmented = {"segment_frames": 12, "keyint": 12, "audio_track": None}
    return make_output(name, width, height).model_copy(update=segmented)


def stream_plan(**changes: Any) -> Plan:
    """One file, and a stream of two rungs with the file's sound; no pictures."""
    plan = make_plan()
    film = Stream(
        name="film",
        formats=("hls", "dash"),
        segment_frames=12,
        rungs=RUNGS,
        audio_track=plan.outputs[0].audio_track,
        i_frames=True,
    )
    outputs = (plan.outputs[0], rung(RUNGS[0], 160, 90), rung(RUNGS[1], 128, 72))
    return make_plan(**{"outputs": outputs, "streams": (film,), "snapshots": None, **changes})


@pytest.fixture(scope="module")
def parts(material: Material, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every part of `stream_plan()`, by its key."""
    plan, folder = stream_plan(), tmp_path_factory.mktemp("segments")
    made = {}
    for output, chunk in itertools.product(plan.outputs, plan.chunks):
        gop = GOP if output.segment_frames else ()
        size = f"{output.width}x{output.height}"
        file = material.chunk(size, chunk.start_frame, chunk.frames, *gop)
        copy = folder / f"{output.name}-{chunk.index}.mp4"
        copy.write_bytes(file.read_bytes())
        part = in_segments(plan, chunk, output, copy)
        made[Keys(JOB).chunk(output.name, chunk.index)] = part.read_bytes()
    assert plan.audio is not None
    [track] = plan.audio.tracks
    return {**made, Keys(JOB).audio(track.file_name): material.audio.read_bytes()}


@pytest.fixture
def job(store: MediaStore, parts: dict[str, bytes]) -> Job:
    job = Job(store, stream_plan())
    store.write_plan(job.plan)
    for part, data in parts.items():
        index = Path(part).stem
        facts = {"frames": "12" if index == "00002" else "24"} if index.isdecimal() else {}
        job.put(part, data, **facts)
    return job


def key(*path: str) -> str:
    return "/".join((f"jobs/{JOB}/out/film", *path))


ALL = (
    *(f"{rung}/{index:05}.mp4" for rung in ("72p", "90p") for index in range(3)),
    *(f"{rung}/{name}.m3u8" for rung in ("72p", "90p") for name in ("iframes", "playlist")),
    "audio/playlist.m3u8",
    "audio/sound.mp4",
    "manifest.mpd",
    "master.m3u8",
)


def test_a_stream_is_published_beside_the_file(job: Job) -> None:
    job.assemble()

    published = job.published()
    assert published[0] == job.keys.output("90p")
    assert sorted(k for k in published if "/film/" in k) == sorted(key(name) for name in ALL)
    for rung_name, index in itertools.product(("90p", "72p"), range(3)):
        copy = job.store.read(key(rung_name, f"{index:05}.mp4"))
        assert copy == job.store.read(job.keys.chunk(f"film.{rung_name}", index))
    result = job.result()
    [film] = result["streams"]
    assert [made["key"] for made in film["playlists"]] == [key("master.m3u8"), key("manifest.mpd")]
    for made in film["playlists"]:
        assert made["size_bytes"] == len(job.store.read(made["key"]))
    assert [(r["name"], r["segments"]) for r in film["rungs"]] == [("90p", 5), ("72p", 5)]
    assert film["audio"]["codec"] == "mp4a.40.2"
    assert [output["name"] for output in result["outputs"]] == ["90p"]
    assert result["checks"]["parts"] == 3 * 3 + 1
    assert result["checks"]["frames"] == 3 * 60


def test_the_main_playlists_come_last(job: Job) -> None:
    order: list[str] = []
    events = job.store.s3.meta.events

    def note(params: dict[str, Any], **_: object) -> None:
        order.append(params["url_path"].partition("/out/film/")[2])

    for operation in ("CopyObject", "PutObject", "CompleteMultipartUpload"):
        events.register(f"before-call.s3.{operation}", note)
    job.assemble()

    made = [name for name in order if name]
    assert sorted(made) == sorted(ALL)
    assert made[-2:] == ["master.m3u8", "manifest.mpd"]
    assert all(name.endswith(".mp4") for name in made[:7])


def test_only_what_was_asked_for_is_written(job: Job) -> None:
    film = job.plan.streams[0].model_copy(update={"formats": ("dash",)})
    job.plan = stream_plan(streams=(film,))
    job.store.write_plan(job.plan)
    for part in [k for k in keys(job) if k.startswith(job.keys.parts)]:
        job.respoil(part, plan=job.plan.hash)

    job.assemble()

    assert key("manifest.mpd") in job.published()
    assert not [name for name in job.published() if name.endswith(".m3u8")]


def keys(job: Job) -> list[str]:
    listed = job.store.s3.list_objects_v2(Bucket=job.store.bucket)
    return [found["Key"] for found in listed["Contents"]]


def test_a_cancelled_job_publishes_nothing_of_a_stream(job: Job) -> None:
    job.is_ended = True

    with pytest.raises(JobEnded):
        job.assemble()

    assert job.published() == []
    assert job.open_uploads() == 0


def spoil_byte(job: Job, part: str) -> bytes:
    data = bytearray(job.store.read(part))
    data[-1] ^= 1
    return bytes(data)


def spoilers() -> Iterator[tuple[str, Any, str]]:
    part = f"parts/{JOB}/film.72p/00001.mp4"
    yield "bytes", lambda j: j.respoil(part, spoil_byte(j, part)), "does not hold the bytes"
    yield "short", lambda j: j.respoil(part, j.store.read(part)[:-9]), "mdat"
    yield "count", lambda j: j.respoil(part, frames="23"), "24 frames, its metadata says 23"
    yield "gone", lambda j: j.delete(part), "is not in the store"
    yield "foreign", lambda j: j.respoil(part, plan="x"), "was made for another plan"


@pytest.mark.parametrize(("spoil", "says"), [(s, t) for _, s, t in spoilers()])
def test_a_part_that_is_not_as_planned_stops_everything(job: Job, spoil: Any, says: str) -> None:
    spoil(job)

    with pytest.raises(Exception, match=says) as caught:
        job.assemble()

    assert "chunk 1 of output film.72p" in str(caught.value)
    assert job.begun == []
    assert job.published() == []


def test_a_chunk_in_the_wrong_place_is_found(job: Job) -> None:
    wrong = job.store.read(job.keys.chunk(RUNGS[0], 0))
    job.respoil(job.keys.chunk(RUNGS[0], 1), wrong, sha256=sha256(wrong).hexdigest())

    with pytest.raises(PartMismatch, match=r"chunk 1 .* decodes segment 0 at tick 0, not 24024"):
        job.assemble()


def test_another_codec_configuration_is_found(job: Job, material: Material, tmp_path: Path) -> None:
    other = material.chunk("160x90", 24, 24, *GOP, "bframes=0")
    copy = tmp_path / "other.mp4"
    copy.write_bytes(other.read_bytes())
    part = in_segments(job.plan, job.plan.chunks[1], job.plan.outputs[1], copy)
    job.put_chunk(RUNGS[0], 1, part, 24)

    with pytest.raises(PartMismatch, match="another codec configuration than chunk 0"):
        job.assemble()


def test_a_part_replaced_after_its_check_is_not_published(job: Job) -> None:
    """As S3 answers; moto copies whatever is there."""

    def refuse() -> None:
        error = {"Code": "PreconditionFailed", "Message": "At least one of the pre-conditions …"}
        raise ClientError({"Error": error}, "CopyObject")

    with (
        pytest.raises(PartMismatch, match=r"output film\.\d+p was replaced after it was"),
        job.before("CopyObject", refuse),
    ):
        job.assemble()

    assert key("master.m3u8") not in job.published()
    assert key("manifest.mpd") not in job.published()


class Crashed(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize(
    ("operation", "nth"), [("CopyObject", 4), ("PutObject", 6), ("PutObject", 7)]
)
def test_done_again_after_a_crash_it_ends_the_same(job: Job, operation: str, nth: int) -> None:
    def crash() -> None:
        raise Crashed

    with pytest.raises(Crashed), job.before(operation, crash, nth):
        job.assemble()
    again = job.assemble()

    assert sorted(k for k in job.published() if "/film/" in k) == sorted(key(name) for name in ALL)
    [film] = again.streams
    assert [made.size_bytes for made in film.playlists] == [
        len(job.store.read(made.key)) for made in film.playlists
    ]
    assert job.open_uploads() == 0


def test_what_another_plan_published_is_left_alone(job: Job) -> None:
    job.store.write(key("master.m3u8"), b"theirs", "text/plain", {"plan": "another"})

    with pytest.raises(RenderMismatch, match="was published for another plan"):
        job.assemble()

    assert job.store.read(key("master.m3u8")) == b"theirs"


def test_key_frames_in_the_wrong_place_make_no_part(material: Material, tmp_path: Path) -> None:
    """An encoder that placed them each 24 frames, for segments of 12."""
    plan = stream_plan()
    copy = tmp_path / "wrong.mp4"
    copy.write_bytes(material.chunk("160x90", 0, 24).read_bytes())

    with pytest.raises(PartMismatch, match=r"output film.90p .* segment [01]"):
        in_segments(plan, plan.chunks[0], plan.outputs[1], copy)
