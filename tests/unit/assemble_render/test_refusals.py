"""What does not agree with the plan is refused by name, and nothing is published."""

import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from botocore.exceptions import ClientError

from functions.assemble_render.stored import open_stored
from functions.shared.errors import (
    PartForeign,
    PartMismatch,
    PartMissing,
    ReelwrightError,
    RenderMismatch,
)
from functions.shared.media_store import Keys, snapshot_name
from tests.unit.assemble_render.conftest import Material
from tests.unit.assemble_render.jobs import AUDIO as SOUND_PLAN
from tests.unit.assemble_render.jobs import JOB, SOUND, Job, make_plan

KEYS = Keys(JOB)
CHUNK = KEYS.chunk("90p", 1)
LAST = KEYS.chunk("90p", 2)
AUDIO = KEYS.audio(SOUND.file_name)
PICTURE = KEYS.snapshot_part(snapshot_name(1, 160, "jpeg"))


def assert_refused(job: Job, error: type[ReelwrightError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        job.assemble()
    assert re.search(r"[^.]\.$", str(caught.value))
    assert job.published() == []
    assert job.open_uploads() == 0


NAMES = [(CHUNK, "chunk 1 of output 90p"), (AUDIO, "the sound aac-96k"), (PICTURE, "snapshot 1 of")]


@pytest.mark.parametrize(("key", "name"), NAMES)
def test_a_part_absent(job: Job, key: str, name: str) -> None:
    job.delete(key)
    assert_refused(job, PartMissing, f"{name}.* is not in the store")


@pytest.mark.parametrize(("key", "name"), NAMES)
def test_a_part_of_another_plan(job: Job, key: str, name: str) -> None:
    job.respoil(key, plan="0" * 64)
    assert_refused(job, PartForeign, f"{name}.* was made for another plan")


@pytest.mark.parametrize(("key", "name"), NAMES)
def test_an_empty_part(job: Job, key: str, name: str) -> None:
    job.respoil(key, b"")
    assert_refused(job, PartMismatch, f"{name}.* has no bytes")


@pytest.mark.parametrize(("key", "name"), NAMES)
def test_a_part_without_checksum(job: Job, key: str, name: str) -> None:
    job.store.write(key, job.store.read(key), "video/mp4", {"plan": job.plan.hash, "frames": "24"})
    assert_refused(job, PartMismatch, f"{name}.* carries no checksum")


def test_a_plan_absent(job: Job) -> None:
    job.delete(KEYS.plan)
    assert_refused(job, PartMissing, r"^Job job-1 has no plan \(jobs/job-1/plan.json\)\.$")


@pytest.mark.parametrize(
    "damage",
    [lambda plan: plan[:-9], lambda plan: plan.replace(b"crf", b"c\nf"), lambda _: b"\xff"],
)
def test_a_plan_damaged(job: Job, damage: Callable[[bytes], bytes]) -> None:
    job.store.write(KEYS.plan, damage(job.store.read(KEYS.plan)), "application/json")
    with pytest.raises(PartMismatch) as caught:
        job.assemble()
    message = str(caught.value)
    assert message.startswith("The plan of job job-1 (jobs/job-1/plan.json) is damaged: ")
    assert message.endswith(".")
    assert "\n" not in message
    assert "http" not in message


def test_a_frame_missing(job: Job, material: Material) -> None:
    job.put_chunk("90p", 1, material.chunk("160x90", 24, 23), 23)
    assert_refused(job, PartMismatch, "^chunk 1 of output 90p has 23 frames, the plan says 24\\.$")


def test_a_frame_too_many(job: Job, material: Material) -> None:
    job.put_chunk("90p", 1, material.chunk("160x90", 24, 25), 25)
    assert_refused(job, PartMismatch, "chunk 1 of output 90p has 25 frames, the plan says 24\\.$")


@pytest.mark.parametrize("frames", [28, 40])
def test_a_last_chunk_far_from_its_plan(job: Job, material: Material, frames: int) -> None:
    job.put_chunk("90p", 2, material.chunk("160x90", 48, frames), frames)
    assert_refused(job, PartMismatch, f"has {frames} frames, the plan says 12, give or take 15")


def test_outputs_that_disagree_on_the_total(job: Job, material: Material) -> None:
    job.put_chunk("72p", 2, material.chunk("128x72", 48, 11), 11)
    assert_refused(job, PartMismatch, "output 72p has 59 frames, output 90p has 60")


def test_metadata_that_disagrees_with_the_tables(job: Job) -> None:
    job.respoil(CHUNK, frames="25")
    assert_refused(job, PartMismatch, "chunk 1 .* has 24 frames, its metadata says 25")


def test_another_codec_configuration(job: Job, material: Material) -> None:
    job.put_chunk("90p", 1, material.chunk("160x90", 24, 24, "cabac=0"), 24)
    assert_refused(job, PartMismatch, "chunk 1 of output 90p has another codec configuration")


def test_another_picture_size(job: Job, material: Material) -> None:
    job.put_chunk("90p", 1, material.chunk("128x72", 24, 24), 24)
    assert_refused(job, PartMismatch, "chunk 1 of output 90p is 128x72, the plan says 160x90")


def test_sound_that_ends_early(job: Job) -> None:
    longer = SOUND_PLAN.model_copy(update={"duration_s": Fraction(4)})
    job.plan = make_plan(audio=longer)
    job.store.write_plan(job.plan)
    for output in job.plan.outputs:
        for chunk in job.plan.chunks:
            job.respoil(job.keys.chunk(output.name, chunk.index), plan=job.plan.hash)
    job.respoil(AUDIO, plan=job.plan.hash)
    assert_refused(job, PartMismatch, r"the sound aac-96k ends at 2.00 s, the plan says 4.00 s")


@pytest.mark.parametrize("damage", [b"\xff\xd8 another", b"\xff", b"\xff\xd8" + bytes(9 << 20)])
def test_a_damaged_picture(job: Job, damage: bytes) -> None:
    job.respoil(PICTURE, damage)
    assert_refused(job, PartMismatch, "^snapshot 1 of width 160 does not hold the bytes")


def test_a_picture_replaced_after_it_was_checked(job: Job) -> None:
    """As S3 answers; moto copies whatever is there."""

    def refuse() -> None:
        error = {"Code": "PreconditionFailed", "Message": "At least one of the pre-conditions …"}
        raise ClientError({"Error": error}, "CopyObject")

    with (
        pytest.raises(PartMismatch, match=r"^snapshot \d of width \d+ was replaced after it was"),
        job.before("CopyObject", refuse),
    ):
        job.assemble()
    assert job.keys.result not in job.published()


@pytest.mark.parametrize("frame", ["31", "", "-1", "x"])
def test_a_picture_of_another_frame(job: Job, frame: str) -> None:
    job.respoil(PICTURE, frame=frame)
    assert_refused(job, PartMismatch, "snapshot 1 of width 160 shows frame")


def _cut(data: bytes) -> bytes:
    return data[:-1]


def _no_tables(data: bytes) -> bytes:
    return data.replace(b"moov", b"free", 1)


def _wild_table(data: bytes) -> bytes:
    at = data.index(b"stsz") + 12
    return data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]


def _no_mp4(_: bytes) -> bytes:
    return b"<html>503 Slow Down</html>"


def _other_bit(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


@pytest.mark.parametrize(("key", "name"), NAMES[:2])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_cut, "is cut short"),
        (_no_tables, "has no moov box"),
        (_wild_table, "has a damaged stsz box"),
        (_no_mp4, "has a damaged box"),
        (_other_bit, "does not hold the bytes that were rendered"),
    ],
)
def test_damaged_bytes(
    job: Job, key: str, name: str, damage: Callable[[bytes], bytes], words: str
) -> None:
    job.respoil(key, damage(job.store.read(key)))
    assert_refused(job, PartMismatch, f"{name}.* {words}")


def test_the_last_part_is_held_against_its_checksum_too(job: Job) -> None:
    job.respoil(LAST, _other_bit(job.store.read(LAST)))
    assert_refused(job, PartMismatch, "chunk 2 of output 90p does not hold the bytes")


def test_a_part_replaced_while_it_is_read(job: Job) -> None:
    opened = open_stored(job.store, CHUNK, "chunk 1")
    assert opened is not None
    job.respoil(CHUNK, b"something else")
    with pytest.raises(PartMismatch, match="chunk 1 was replaced while it was read"):
        opened[0].read(0, 10)


def test_a_file_published_for_another_plan(job: Job) -> None:
    job.put(job.keys.output("72p"), b"of an earlier plan", plan="1" * 64)
    with pytest.raises(RenderMismatch, match=r"out/72p.mp4 was published for another plan"):
        job.assemble()
    assert job.store.read(job.keys.output("72p")) == b"of an earlier plan"
    assert job.published() == [job.keys.output("72p")]
    assert job.open_uploads() == 0


def test_a_picture_published_for_another_plan(job: Job) -> None:
    key = job.keys.snapshot("00001-160.jpg")
    job.put(key, b"of an earlier plan", plan="1" * 64)
    with pytest.raises(RenderMismatch, match="was published for another plan"):
        job.assemble()
    assert job.store.read(key) == b"of an earlier plan"
    assert job.keys.result not in job.published()
