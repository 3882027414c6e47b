"""Crashes, repetitions and rivals: every effect happens once."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, ResponseStreamingError

from functions.shared.errors import JobEnded, RenderMismatch, TransientError
from tests.unit.assemble_render.jobs import JOB, Job


class Crash(BaseException):
    """The process ends here, as far as the code under test can tell."""


def crash() -> None:
    raise Crash


def etags(job: Job) -> dict[str, str]:
    parts = (job.store.head(key) for key in job.published() if key != job.keys.result)
    return {part.key: part.etag for part in parts if part}


def test_a_second_run_changes_nothing(job: Job) -> None:
    first = job.assemble()
    before = etags(job)

    with pytest.raises(AssertionError), job.before("UploadPart", crash):
        second = job.assemble()

    assert etags(job) == before
    assert [o.size_bytes for o in second.outputs] == [o.size_bytes for o in first.outputs]
    assert [o.sha256 for o in second.outputs] == [None, None]
    assert second.snapshots == first.snapshots


CRASHES = [
    # operation, at its n-th call, outputs published before
    ("GetObject", 5, 0),
    ("CreateMultipartUpload", 2, 0),
    ("UploadPart", 1, 0),
    ("UploadPart", 2, 0),
    ("CompleteMultipartUpload", 1, 0),
    ("CompleteMultipartUpload", 2, 1),
    ("CopyObject", 1, 2),
    ("CopyObject", 4, 2),
    ("PutObject", 1, 2),
]


@pytest.mark.parametrize(("operation", "nth", "published"), CRASHES)
def test_a_crash_leaves_only_whole_files_and_a_retry_finishes(
    job: Job, operation: str, nth: int, published: int
) -> None:
    with pytest.raises(Crash), job.before(operation, crash, nth):
        job.assemble()
    left = etags(job)
    assert sum(key.endswith(".mp4") for key in left) == published
    assert job.keys.result not in job.published()
    assert job.open_uploads() == 0

    result = job.assemble()

    assert len(job.published()) == 7
    assert [output.frames for output in result.outputs] == [60, 60]
    assert {key: tag for key, tag in etags(job).items() if key in left} == left


@pytest.mark.aws("sfn-stop")
def test_a_rival_that_publishes_first_is_checked_and_kept(job: Job) -> None:
    job.assemble()
    key = job.keys.output("90p")
    theirs = job.store.read(key)
    job.delete(key)

    def publish_first() -> None:
        job.put(key, theirs)

    with job.before("CompleteMultipartUpload", publish_first):
        result = job.assemble()

    assert job.store.read(key) == theirs
    assert result.outputs[0].sha256 is None
    assert job.open_uploads() == 0


@pytest.mark.aws("s3-if-absent")
def test_a_conflict_at_publishing_is_tried_again(job: Job) -> None:
    def conflict() -> None:
        error = {"Code": "ConditionalRequestConflict", "Message": "A conflicting operation"}
        raise ClientError(
            {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 409}}, "CompleteMultipartUpload"
        )

    with (
        pytest.raises(TransientError, match=r"write of jobs/job-1/out/90p.mp4 came in between\.$"),
        job.before("CompleteMultipartUpload", conflict),
    ):
        job.assemble()
    assert job.published() == []
    assert job.open_uploads() == 0

    assert len(job.assemble().outputs) == 2


@pytest.mark.parametrize(
    ("plan", "spoil", "words"),
    [
        ("2" * 64, lambda data: data, "was published for another plan"),
        (None, lambda data: data[:-1], "is cut short"),
        (None, lambda data: data[:0], "has no bytes"),
        (None, lambda data: data.replace(b"stts", b"free"), "has no .*stts box"),
    ],
)
def test_a_rival_whose_file_is_not_ours_is_left_and_reported(
    job: Job, plan: str | None, spoil: Callable[[bytes], bytes], words: str
) -> None:
    job.assemble()
    key = job.keys.output("90p")
    theirs = spoil(job.store.read(key))
    job.delete(key)
    job.delete(job.keys.result)

    def publish_first() -> None:
        job.put(key, theirs, plan=plan or job.plan_hash)

    with (
        pytest.raises(RenderMismatch, match=words),
        job.before("CompleteMultipartUpload", publish_first),
    ):
        job.assemble()

    assert job.store.read(key) == theirs
    assert job.keys.result not in job.published()
    assert job.open_uploads() == 0


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        (lambda data: data[:-1], r"out/90p.mp4 is cut short"),
        (lambda data: data.replace(b"stsz", b"skip"), r"out/90p.mp4 has no stbl/stsz box"),
        # A table that is right by itself.
        (lambda data: data.replace(b"stss", b"skip"), r"out/90p.mp4 has other tables than were"),
    ],
)
def test_a_file_the_store_spoiled_is_withdrawn(
    job: Job, spoiled: Callable[[bytes], bytes], words: str
) -> None:
    key = job.keys.output("90p")

    def spoil() -> None:
        job.respoil(key, spoiled(job.store.read(key)))

    with (
        pytest.raises(RenderMismatch, match=words),
        job.after("CompleteMultipartUpload", spoil),
    ):
        job.assemble()

    assert job.published() == []
    assert job.open_uploads() == 0


def test_publishing_begins_once_all_is_ready_and_nothing_is_visible(job: Job) -> None:
    job.assemble()
    assert job.begun == [[]]


@pytest.mark.aws("sfn-stop")
def test_nothing_of_a_job_that_was_ended_is_published(job: Job) -> None:
    job.is_ended = True

    with pytest.raises(JobEnded, match=JOB):
        job.assemble()

    assert job.begun == [[]]
    assert job.published() == []
    assert job.open_uploads() == 0


def test_pictures_alone_are_not_published_either(job: Job) -> None:
    plan = job.plan.model_copy(update={"outputs": (), "audio": None})
    alone = Job(job.store, plan, is_ended=True)
    alone.store.write_plan(plan)
    alone.put_pictures()

    with pytest.raises(JobEnded):
        alone.assemble()

    assert alone.published() == []


def test_a_body_that_breaks_off_is_asked_for_again(job: Job) -> None:
    def lose() -> None:
        raise ResponseStreamingError(error="connection reset")

    with job.before("GetObject", lose, nth=4):
        result = job.assemble()

    assert len(result.outputs) == 2
