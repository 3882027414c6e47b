"""Files of sound alone are published as their parts are, once they were checked."""

import pytest

from functions.shared.errors import JobEnded, PartForeign, PartMismatch, PartMissing, RenderMismatch
from functions.shared.media_store import MediaStore
from functions.shared.plan import SoundFile
from tests.unit.assemble_render.jobs import AUDIO, SOUND, Job, make_plan

MP3 = SOUND.model_copy(update={"name": "mp3-192k-mp3", "container": "mp3", "codec": "mp3"})
BODY = b"ID3 and so on"


@pytest.fixture
def heard(store: MediaStore) -> Job:
    """Two files of one part; nothing else is asked for."""
    audio = AUDIO.model_copy(update={"tracks": (MP3,)})
    files = (
        SoundFile(name="talk", container="mp3", track=MP3.name),
        SoundFile(name="named", container="mp3", track=MP3.name, filename="Die Rede"),
    )
    job = Job(store, make_plan(outputs=(), snapshots=None, audio=audio, sound_files=files))
    store.write_plan(job.plan)
    job.put(job.keys.audio(MP3.file_name), BODY, codec="mp3", **FACTS)
    return job


FACTS = {"rate": "44100", "channels": "2", "samples": "88200"}


def test_each_file_is_the_parts_bytes(heard: Job) -> None:
    heard.assemble()
    result = heard.result()
    for made, name in zip(result["outputs"], ("talk", "named"), strict=True):
        assert made["key"] == heard.keys.output(name, "mp3")
        assert heard.store.read(made["key"]) == BODY
        assert made["size_bytes"] == len(BODY)
        assert made["duration_s"] == 2.0
        assert made["audio"]["codec"] == "mp3"
        assert [made[fact] for fact in ("width", "height", "frames", "rate")] == [None] * 4
    assert result["checks"]["files"] == 2
    assert result["checks"]["parts"] == 1


def test_a_name_for_browsers_and_what_the_part_says_of_itself(heard: Job) -> None:
    heard.assemble()
    key = heard.keys.output("named", "mp3")
    found = heard.store.s3.head_object(Bucket=heard.store.bucket, Key=key)
    assert 'filename="Die Rede.mp3"' in found["ContentDisposition"]
    assert found["ContentType"] == "audio/mpeg"
    assert found["Metadata"]["plan"] == heard.plan.hash


def test_done_again_it_changes_nothing(heard: Job) -> None:
    heard.assemble()
    before = [heard.store.head(key) for key in heard.published()]
    heard.assemble()
    assert [heard.store.head(key) for key in heard.published()] == before


def test_nothing_is_published_of_a_cancelled_job(heard: Job) -> None:
    heard.is_ended = True
    with pytest.raises(JobEnded):
        heard.assemble()
    assert heard.published() == []


def test_a_key_that_another_plan_took(heard: Job) -> None:
    heard.put(heard.keys.output("talk", "mp3"), BODY, plan="another")
    with pytest.raises(RenderMismatch, match="was published for another plan"):
        heard.assemble()


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"plan": "x"}, PartForeign, "the sound mp3-192k-mp3 was made for another plan"),
        ({"codec": "aac"}, PartMismatch, "the sound mp3-192k-mp3 is 'aac', the plan says 'mp3'"),
        ({"samples": "0"}, PartMismatch, "not how long it is"),
        ({"samples": "-5"}, PartMismatch, "not how long it is"),
        ({"samples": "44100"}, PartMismatch, "is 1.00 s long, the plan says 2.00 s"),
        ({"sha256": "0" * 64}, PartMismatch, "does not hold the bytes that were rendered"),
    ],
)
def test_a_part_that_is_not_what_was_planned(
    heard: Job, changes: dict[str, str], error: type[Exception], told: str
) -> None:
    heard.respoil(heard.keys.audio(MP3.file_name), None, **changes)
    with pytest.raises(error, match=told):
        heard.assemble()
    assert heard.published() == []


def test_a_part_that_is_not_there(heard: Job) -> None:
    heard.delete(heard.keys.audio(MP3.file_name))
    with pytest.raises(PartMissing, match="the sound mp3-192k-mp3"):
        heard.assemble()
