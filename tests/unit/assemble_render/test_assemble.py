"""A job whose parts are good becomes files that hold exactly those parts."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from functions.assemble_render import handler, stored
from functions.assemble_render.upload import MAX_PARTS, PART_BYTES, Upload, _bodies, part_bytes
from functions.shared.errors import JobEnded
from functions.shared.media_store import MediaStore
from functions.shared.meter import Used
from functions.shared.mp4.inspection import inspect_audio
from functions.shared.mp4.source import MemoryBytes
from functions.shared.receipts import Receipt, leave
from tests.unit.assemble_render.conftest import Material
from tests.unit.assemble_render.jobs import FRAMES, JOB, SOUND, Job, make_plan
from tests.unit.mp4.making import NTSC, decoded_frames, decoded_samples, strict_decode_log


def download(job: Job, name: str, folder: Path) -> Path:
    file = folder / f"{name}.mp4"
    file.write_bytes(job.store.read(job.keys.output(name)))
    return file


def test_every_output_is_published_whole(job: Job, material: Material, tmp_path: Path) -> None:
    job.assemble()

    for name, size in (("90p", "160x90"), ("72p", "128x72")):
        file = download(job, name, tmp_path)
        frames = decoded_frames(file)
        parts = [material.chunk(size, 0, 24), material.chunk(size, 24, 24)]
        parts.append(material.chunk(size, 48, 12))
        assert [at for at, _ in frames] == [n / NTSC.rate for n in range(FRAMES)]
        assert [p for _, p in frames] == [p for part in parts for _, p in decoded_frames(part)]
        assert decoded_samples(file) == decoded_samples(material.audio)
        assert strict_decode_log(file) == ""
        published = job.store.head(job.keys.output(name))
        assert published is not None
        assert published.metadata == {"plan": job.plan.hash, "frames": "60"}
    assert job.open_uploads() == 0


def test_result_says_what_was_made_and_checked(job: Job) -> None:
    job.assemble()

    result = job.result()
    sound = inspect_audio(MemoryBytes(job.store.read(job.keys.audio(SOUND.file_name))))
    first = result["outputs"][0]
    published = job.store.head(job.keys.output("90p"))
    assert published is not None
    assert first["key"] == job.keys.output("90p")
    assert first["size_bytes"] == published.size_bytes
    assert (first["frames"], first["width"], first["height"]) == (60, 160, 90)
    assert first["rate"] == "30000/1001"
    assert first["duration_s"] == pytest.approx(2.002)
    assert first["audio"]["sample_rate"] == 44_100
    assert first["audio"]["duration_s"] == 2.0
    assert len(first["sha256"]) == 64
    assert result["plan_hash"] == job.plan.hash
    assert result["checks"]["parts"] == 7
    assert result["checks"]["audio_packets"] == sound.packets
    assert result["notes"] == []
    assert result["checks"]["frames"] == 120
    assert result["checks"]["files"] == 2
    assert result["checks"]["pictures"] == 4
    assert [s["key"] for s in result["snapshots"]] == [
        f"jobs/{JOB}/out/snapshots/{name}"
        for name in ("00000-160.jpg", "00000-64.jpg", "00001-160.jpg", "00001-64.jpg")
    ]
    assert result["snapshots"][2]["time_s"] == pytest.approx(1.001)
    assert job.store.read(result["snapshots"][2]["key"]) == b"\xff\xd8 picture 1 160"


def test_result_says_what_could_not_be_had(store: MediaStore) -> None:
    note = "The source's sound cannot be decoded (ac4): the outputs have none."
    job = Job(store, make_plan(outputs=(), audio=None, notes=(note,)))
    store.write_plan(job.plan)
    job.put_pictures()

    job.assemble()

    assert job.result()["notes"] == [note]


def test_parts_larger_than_a_block(
    job: Job, material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "READ_BYTES", 1009)

    job.assemble()

    file = download(job, "90p", tmp_path)
    assert strict_decode_log(file) == ""
    assert decoded_samples(file) == decoded_samples(material.audio)


def test_a_file_of_several_upload_parts(store: MediaStore) -> None:
    whole = random.Random(1).randbytes(20_000_000)  # noqa: S311 - only has to be uneven
    pieces = [whole[at : at + 999_983] for at in range(0, len(whole), 999_983)]
    upload = Upload(store, "big", "video/mp4", {"plan": "p"})
    with ThreadPoolExecutor(4) as threads:
        upload.send(pieces, len(whole), threads)

    assert store.head("big") is None
    assert upload.complete()
    assert store.read("big") == whole
    upload.discard()
    assert store.read("big", 0, 3) == whole[:3]


def test_snapshots_alone(store: MediaStore) -> None:
    job = Job(store, make_plan(outputs=(), audio=None))
    store.write_plan(job.plan)
    job.put_pictures()

    result = job.assemble()

    assert result.outputs == ()
    assert len(result.snapshots) == 4
    assert len(job.published()) == 5


def test_outputs_alone(job: Job) -> None:
    plain = Job(job.store, make_plan(snapshots=None))
    plain.store.write_plan(plain.plan)
    for output in plain.plan.outputs:
        for chunk in plain.plan.chunks:
            job.respoil(job.keys.chunk(output.name, chunk.index), plan=plain.plan.hash)
    job.respoil(job.keys.audio(SOUND.file_name), plan=plain.plan.hash)

    assert plain.assemble().snapshots == ()
    assert len(plain.published()) == 3


@pytest.mark.parametrize("frames", [1, 5, 20, 27])
def test_the_last_chunk_settles_the_total(
    job: Job, material: Material, tmp_path: Path, frames: int
) -> None:
    for output in job.plan.outputs:
        size = f"{output.width}x{output.height}"
        job.put_chunk(output.name, 2, material.chunk(size, 48, frames), frames)

    result = job.assemble()

    assert {output.frames for output in result.outputs} == {48 + frames}
    assert len(decoded_frames(download(job, "90p", tmp_path))) == 48 + frames


def test_a_picture_says_which_frame_it_shows(job: Job) -> None:
    job.respoil(job.keys.snapshot_part("00001-160.jpg"), frame="28")
    shown = [(s.width, s.frame) for s in job.assemble().snapshots]
    assert shown == [(160, 0), (64, 0), (160, 28), (64, 30)]


SETTINGS = {
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048",
    "CHUNK_EXECUTION_TYPE": "STANDARD",
    "PARTS_EXPIRE_DAYS": "7",
    "STORAGE_MB": "512",
}


def invoke(job: Job, monkeypatch: pytest.MonkeyPatch, *, is_running: bool) -> dict[str, str | int]:
    jobs = SimpleNamespace(begin_publishing=lambda *asked: is_running and asked == (JOB, "arn:1"))
    monkeypatch.setattr(handler, "jobs_table", lambda: jobs)
    monkeypatch.setattr(handler, "media_store", lambda: job.store)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 300_000)
    answer: dict[str, str | int] = handler.handle(
        {"job_id": JOB, "execution_arn": "arn:1", "anything": "else"}, context
    )
    return answer


def test_handler_publishes_nothing_of_a_job_that_was_ended(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(JobEnded, match=JOB):
        invoke(job, monkeypatch, is_running=False)
    assert job.published() == []


def test_handler_returns_keys_and_counts(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = invoke(job, monkeypatch, is_running=True)

    assert answer == {
        "job_id": JOB,
        "result_key": job.keys.result,
        "outputs": 2,
        "snapshots": 4,
    }
    assert len(json.dumps(answer)) < 200


def test_the_result_says_what_the_job_cost(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    invoke(job, monkeypatch, is_running=True)
    alone = job.store.read_json(job.keys.result)["cost"]

    used = Used(s3_puts=3, stored_bytes=1 << 20)
    chunk = Receipt("render_chunk", "x86_64", 60_000, 3008, 2048, used)
    leave(job.store, JOB, "r1", chunk)
    job.store.write(f"{job.keys.receipts}render_chunk/r2/of-another-version", b"", "text/plain")
    invoke(job, monkeypatch, is_running=True)
    cost = job.store.read_json(job.keys.result)["cost"]

    assert sum(map(Decimal, map(str, cost["items"].values()))) == Decimal(str(cost["usd"]))
    a_minute_of_compute = 60 * 3008 / 1024 * 0.0000166667
    more = cost["items"]["lambda_compute"] - alone["items"]["lambda_compute"]
    assert more == pytest.approx(a_minute_of_compute, rel=0.05)
    assert (alone["items"]["s3_parts"], alone["note"]) == (0, None)
    assert cost["items"]["s3_parts"] > 0
    assert "another version" in cost["note"]
    assert cost["storage_usd_per_month"] > 0


def test_upload_parts_grow_with_the_file() -> None:
    assert part_bytes(1) == PART_BYTES
    assert part_bytes(PART_BYTES * MAX_PARTS) == PART_BYTES
    five_tb = 5 << 40
    assert -(-five_tb // part_bytes(five_tb)) <= MAX_PARTS


@pytest.mark.parametrize("pieces", [[b"abcdefgh"], [b"ab", b"", b"cdefg", b"h"], [b"a"] * 9, []])
def test_upload_parts_have_one_size(pieces: list[bytes]) -> None:
    bodies = list(_bodies(pieces, 3))
    assert b"".join(bodies) == b"".join(pieces)
    assert all(len(body) == 3 for body in bodies[:-1])
    assert all(bodies)
