"""A job through the HTTP API: sent once, followed, fetched, cancelled, and nobody else's."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from functions.shared.job_rows import TERMINAL
from tests.integration.callers import Caller, problem, signed_in
from tests.integration.changes import reserved
from tests.integration.conftest import CLIP, CLIP_FRAMES, Deployed
from tests.integration.jobs import PICTURE, THREE_CHUNKS
from tests.polling import until


@pytest.fixture
def held(stack: Deployed) -> Iterator[None]:
    """No chunk is rendered: a job that was begun goes on until it is cancelled."""
    with reserved(stack, "RenderChunk", 0):
        yield


@pytest.fixture(scope="module")
def ann(stack: Deployed) -> Iterator[Caller]:
    with signed_in(stack) as caller:
        yield caller


@pytest.fixture(scope="module")
def ben(stack: Deployed) -> Iterator[Caller]:
    with signed_in(stack) as caller:
        yield caller


@pytest.fixture(scope="module")
def operator(stack: Deployed) -> Iterator[Caller]:
    with signed_in(stack, "operators") as caller:
        yield caller


@pytest.fixture(scope="module")
def source(ann: Caller) -> str:
    return ann.upload(CLIP.read_bytes(), "My clip.mp4")


def ended(caller: Caller, job_id: str, seconds: float = 90) -> Any:
    return until(
        lambda: job if (job := caller.job(job_id))["status"] in TERMINAL else None,
        f"job {job_id} to end",
        seconds,
    )


def test_from_upload_to_the_finished_files(ann: Caller, source: str) -> None:
    body = {**PICTURE, **THREE_CHUNKS, "source": source, "notify": {"metadata": {"title": "Ö"}}}
    sent = ann.post(body)
    assert sent.status_code == 202, sent.text
    job_id = sent.json()["job_id"]
    assert sent.headers["Location"] == f"/jobs/{job_id}"

    looks: list[Any] = []

    def look() -> Any:
        looks.append(ann.job(job_id))
        return looks[-1] if looks[-1]["status"] in TERMINAL else None

    job = until(look, "the job to end", 90)

    assert job["status"] == "COMPLETE", job["error"]
    fractions = [one["progress"]["fraction"] for one in looks]
    assert fractions == sorted(fractions)
    assert [one for one in fractions if one == 1] == [1]
    order = ["queued", "waiting", "planning", "rendering", "assembling", "ended"]
    stages = [order.index(one["stage"]) for one in looks]
    assert stages == sorted(stages)
    assert (job["metadata"], job["attempts"]) == ({"title": "Ö"}, 1)
    assert job["execution_arn"].rsplit(":", 1)[1] in job["execution_url"]
    (file,), (picture,) = job["outputs"], job["snapshots"]
    assert file["frames"] == CLIP_FRAMES
    for made, media_type in ((file, "video/mp4"), (picture, "image/jpeg")):
        fetched = requests.get(made["url"], timeout=30)
        assert fetched.status_code == 200
        assert len(fetched.content) == made["size_bytes"]
        assert fetched.headers["Content-Type"] == media_type
        name = made["key"].rsplit("/")[-1]
        assert fetched.headers["Content-Disposition"] == f'inline; filename="{name}"'


def test_the_same_key_is_the_same_job_from_beginning_to_end(ann: Caller, source: str) -> None:
    key, body = uuid.uuid4().hex, {"source": source, **PICTURE}
    with ThreadPoolExecutor(8) as threads:
        first = list(threads.map(lambda _: ann.post(body, key), range(8)))
    assert {answer.status_code for answer in first} == {202}
    (job_id,) = {answer.json()["job_id"] for answer in first}
    other = {**body, "priority": 1}
    problem(ann.post(other, key), 409, "key-taken")

    job = ended(ann, job_id)

    assert (job["status"], job["attempts"]) == ("COMPLETE", 1)
    again = ann.post(body, key)
    assert (again.status_code, again.json()["job_id"]) == (202, job_id)
    assert again.json()["status"] == "COMPLETE"
    problem(ann.post(other, key), 409, "key-taken")


def test_one_callers_key_is_not_anothers(ann: Caller, ben: Caller, source: str) -> None:
    key = uuid.uuid4().hex
    job_id = ann.post({"source": source, **PICTURE}, key).json()["job_id"]
    theirs = ben.upload(CLIP.read_bytes())
    assert ben.post({"source": theirs, **PICTURE}, key).json()["job_id"] != job_id
    ended(ann, job_id)


def test_anothers_job_is_not_there_but_for_operators(
    ann: Caller, ben: Caller, operator: Caller, source: str
) -> None:
    job_id = ann.post({"source": source, **PICTURE}).json()["job_id"]
    for when in ("sent", "ended"):
        if when == "ended":
            ended(ann, job_id)
        problem(ben.call("GET", f"/jobs/{job_id}"), 404, "not-found")
        problem(ben.call("DELETE", f"/jobs/{job_id}"), 404, "not-found")
        assert operator.job(job_id)["job_id"] == job_id
    assert ann.job(job_id)["status"] == "COMPLETE"
    problem(ann.call("GET", "/jobs/none"), 404, "not-found")


def test_a_job_of_the_queue_is_for_operators_only(
    stack: Deployed, ann: Caller, operator: Caller, clip: str
) -> None:
    job = stack.run({"source": clip, **PICTURE})
    problem(ann.call("GET", f"/jobs/{job['job_id']}"), 404, "not-found")
    assert operator.job(job["job_id"])["status"] == "COMPLETE"


def test_anothers_source_is_refused(ben: Caller, source: str) -> None:
    told = problem(ben.post({"source": source, **PICTURE}), 422, "source-not-allowed")
    assert told["errors"][0]["path"] == "source"


@pytest.mark.usefixtures("held")
def test_a_running_job_is_cancelled(ann: Caller, source: str) -> None:
    job_id = ann.post({"source": source, **THREE_CHUNKS}).json()["job_id"]
    until(lambda: ann.job(job_id)["status"] == "RUNNING", "the job to run", 60)
    for _ in range(2):
        answer = ann.call("DELETE", f"/jobs/{job_id}")
        assert (answer.status_code, answer.json()["status"]) == (202, "CANCELLED")
    assert ann.job(job_id)["error"]["name"] == "JobCancelled"


@pytest.mark.usefixtures("held")
def test_a_job_is_cancelled_right_after_it_was_sent(ann: Caller, source: str) -> None:
    """Its message may not be registered, or be on its way at this very moment."""
    for _ in range(4):
        job_id = ann.post({"source": source, **THREE_CHUNKS}).json()["job_id"]
        answer = ann.call("DELETE", f"/jobs/{job_id}")
        assert (answer.status_code, answer.json()["status"]) == (202, "CANCELLED")
        assert ann.job(job_id)["status"] == "CANCELLED"


def test_it_is_too_late_to_cancel_what_has_ended(ann: Caller, source: str) -> None:
    job_id = ann.post({"source": source, **PICTURE}).json()["job_id"]
    ended(ann, job_id)
    problem(ann.call("DELETE", f"/jobs/{job_id}"), 409, "cancel-refused")


def test_jobs_of_one_order_key_keep_their_order(ann: Caller, source: str) -> None:
    key = f"Kunde / {uuid.uuid4()} ☃"
    ids = [
        ann.post({"source": source, "order_key": key, **body}).json()["job_id"]
        for body in (THREE_CHUNKS, PICTURE)
    ]
    first, second = (ended(ann, job_id) for job_id in ids)
    assert first["finished_at"] <= second["started_at"]
    assert (first["order_key"], second["order_key"]) == (key, key)


@pytest.mark.parametrize(
    ("body", "status", "name", "path"),
    [
        (b"", 400, "not-json", None),
        (b"{", 400, "not-json", None),
        (b"[]", 422, "invalid-request", ""),
        (b'{"source": "x"}', 422, "invalid-request", "source"),
        (b'{"source": "https://10.0.0.1/a.mp4"}', 422, "invalid-request", "source"),
        (b'{"owner": "me"}', 422, "invalid-request", "source"),
        (b'"' + b"x" * 140_000 + b'"', 413, "too-large", None),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "image/png"])
def test_a_body_that_will_not_do_is_refused(
    ann: Caller, body: bytes, status: int, name: str, path: str | None, media_type: str
) -> None:
    answer = ann.call("POST", "/jobs", body, headers={"Content-Type": media_type})
    told = problem(answer, status, name)
    assert [error["path"] for error in told.get("errors", [])][:1] == (
        [] if path is None else [path]
    )


def test_answers_may_not_be_kept_or_guessed(ann: Caller) -> None:
    for path in ("/jobs", "/jobs/none", "/openapi.json", "/docs"):
        headers = ann.call("GET", path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.aws("api-cors")
def test_pages_of_other_origins_are_not_let_in(ann: Caller) -> None:
    """The stage names none."""
    answer = ann.call("GET", "/jobs", headers={"Origin": "https://example.com"})
    assert not any(name.lower().startswith("access-control-") for name in answer.headers)
