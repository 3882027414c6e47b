"""The client's calls: what is sent, what is made of the answers, and its errors."""

import pytest

from reelwright import Client, JobRequest, OutputRequest, RenderRequest
from reelwright.errors import (
    BusyError,
    ConflictError,
    InvalidRequestError,
    JobTimeoutError,
    NotAuthorisedError,
    NotFoundError,
    ReelwrightClientError,
    UnreachableError,
)
from reelwright.retries import Retries
from tests.unit.reelwright.conftest import TRIES
from tests.unit.reelwright.fake_api import Answer, FakeApi, job, ok, problem, summary

ID = job()["job_id"]
REQUEST = JobRequest(
    source="s3://media/uploads/a.mp4",
    render=RenderRequest(outputs=(OutputRequest(name="small", height=180),)),
)


def key_of(asked: object) -> str:
    headers = getattr(asked, "headers", {})
    return str(headers["Idempotency-Key"])


def test_a_job_is_sent_as_json_with_the_token(api: FakeApi, client: Client) -> None:
    api.on("POST", "/jobs", ok(job("QUEUED", stage="queued"), 202))
    assert client.submit(REQUEST).status == "QUEUED"
    (asked,) = api.asked
    assert asked.headers["Authorization"] == "Bearer token"
    assert asked.json == {
        "source": "s3://media/uploads/a.mp4",
        "render": {"outputs": [{"name": "small", "height": 180}]},
    }


def test_all_tries_of_one_submission_carry_one_key(api: FakeApi, client: Client) -> None:
    api.on("POST", "/jobs", ok({}, 503), Answer(cut=0, body=b"x"), ok(job("QUEUED"), 202))
    client.submit(REQUEST)
    keys = {key_of(asked) for asked in api.asked}
    assert (len(api.asked), len(keys)) == (3, 1)


def test_two_submissions_carry_two_keys(api: FakeApi, client: Client) -> None:
    api.on("POST", "/jobs", ok(job("QUEUED"), 202))
    client.submit(REQUEST)
    client.submit(REQUEST)
    assert len({key_of(asked) for asked in api.asked}) == 2


def test_a_key_of_ones_own_is_kept(api: FakeApi, client: Client) -> None:
    api.on("POST", "/jobs", ok(job("QUEUED"), 202))
    client.submit({"source": "s3://b/k"}, idempotency_key="order-66")
    assert key_of(api.asked[0]) == "order-66"


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "Out of range"), ({1}, "set")])
def test_what_is_no_json_is_refused_before_it_is_sent(
    value: object, said: str, api: FakeApi, client: Client
) -> None:
    with pytest.raises(InvalidRequestError, match=rf"can't be written as JSON: .*{said}"):
        client.submit({"source": "s3://b/k", "snapshots": {"count": value}})
    assert api.asked == []


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (problem(400, "The body is not JSON."), InvalidRequestError, "The body is not JSON."),
        (problem(422, "render: missing."), InvalidRequestError, "render: missing."),
        (problem(404, "There is no job."), NotFoundError, "There is no job."),
        (problem(409, "It has ended."), ConflictError, "It has ended."),
        (problem(413, "Too large."), InvalidRequestError, "Too large."),
        (problem(403, "Not yours."), NotAuthorisedError, "Not yours."),
        (problem(500, "Sorry."), UnreachableError, "answers 500 (Sorry.), try after try"),
        (ok({"message": "Not Found"}, 404), UnreachableError, "not as a Reelwright API does"),
        (ok({"message": "Forbidden"}, 403), NotAuthorisedError, "does not accept this sign-in"),
        (ok([1]), UnreachableError, "not as a Reelwright API does"),
        (Answer(200, b"<html>"), UnreachableError, "not as a Reelwright API does"),
        (ok({"job_id": ID}), UnreachableError, "can't read: "),
    ],
)
def test_a_refusal_has_a_class_and_one_line(
    api: FakeApi,
    client: Client,
    answer: Answer,
    error: type[ReelwrightClientError],
    said: str,
) -> None:
    api.on("GET", f"/jobs/{ID}", answer)
    with pytest.raises(error) as raised:
        client.job(ID)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_problem_is_there_to_look_at(api: FakeApi, client: Client) -> None:
    errors = [{"path": "render.outputs.0.height", "detail": "is odd"}]
    api.on("POST", "/jobs", problem(422, "No.", errors=errors))
    with pytest.raises(InvalidRequestError) as raised:
        client.submit({})
    assert raised.value.problem["errors"] == errors


def test_an_address_where_nobody_serves_is_named(retries: Retries, waits: list[float]) -> None:
    with pytest.raises(UnreachableError, match=r"http://127.0.0.1:9 can't be reached \(.*refused"):
        Client("http://127.0.0.1:9", "token", retries=retries).job(ID)
    assert len(waits) == TRIES - 1


def test_a_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(InvalidRequestError, match="in the clear"):
        Client("http://video.example.org", "token")


class Renewing:
    """Tokens numbered by how often a new one was asked for."""

    def __init__(self) -> None:
        self.renewed = 0

    def token(self, *, renew: bool = False) -> str:
        self.renewed += renew
        return f"token-{self.renewed}"


def test_a_refused_token_is_renewed_once(api: FakeApi, retries: Retries) -> None:
    api.on("GET", f"/jobs/{ID}", ok({"message": "Unauthorized"}, 401), ok(job()))
    Client(api.url, Renewing(), retries=retries).job(ID)
    sent = [asked.headers["Authorization"] for asked in api.asked]
    assert sent == ["Bearer token-0", "Bearer token-1"]


def test_a_token_refused_again_is_an_error(api: FakeApi, retries: Retries) -> None:
    api.on("GET", f"/jobs/{ID}", ok({"message": "Unauthorized"}, 401))
    with pytest.raises(NotAuthorisedError) as raised:
        Client(api.url, Renewing(), retries=retries).job(ID)
    assert len(api.asked) == 2
    assert "reelwright login" in raised.value.next_step


def test_a_token_of_ones_own_can_not_be_renewed(api: FakeApi, client: Client) -> None:
    api.on("GET", f"/jobs/{ID}", ok({"message": "Unauthorized"}, 401))
    with pytest.raises(NotAuthorisedError, match="refused the token it was given"):
        client.job(ID)


def test_what_a_newer_api_says_beside_is_left_out(api: FakeApi, client: Client) -> None:
    progress = {**job()["progress"], "colour": "blue"}
    api.on("GET", f"/jobs/{ID}", ok(job(mood="good", progress=progress)))
    assert client.job(ID).progress.chunks_total == 4


def test_an_id_is_no_path(api: FakeApi, client: Client) -> None:
    with pytest.raises(UnreachableError):
        client.job("../uploads?x=1")
    assert api.asked[0].path == "/jobs/..%2Fuploads%3Fx%3D1"


def pages(api: FakeApi, *sizes: int) -> None:
    """Pages of so many jobs; the cursor of each is the number of the next."""
    first = 0
    says = []
    for number, size in enumerate(sizes, 1):
        jobs = [summary(first + i) for i in range(size)]
        says.append(ok({"jobs": jobs, "cursor": str(number) if number < len(sizes) else None}))
        first += size
    api.on("GET", "/jobs", *says)


def test_a_list_goes_on_over_pages_even_empty_ones(api: FakeApi, client: Client) -> None:
    pages(api, 2, 0, 3)
    assert [one.job_id for one in client.jobs(status="RUNNING", order_key="k")] == [
        f"job{number}" for number in range(5)
    ]
    assert [asked.query for asked in api.asked] == [
        "status=RUNNING&order_key=k&limit=100",
        "status=RUNNING&order_key=k&limit=100&cursor=1",
        "status=RUNNING&order_key=k&limit=100&cursor=2",
    ]


def test_a_list_ends_at_its_limit(api: FakeApi, client: Client) -> None:
    pages(api, 100, 100, 100)
    assert len(list(client.jobs(limit=150))) == 150
    assert [asked.query for asked in api.asked] == ["limit=100", "limit=50&cursor=1"]


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelwright.client._FIRST_POLL_S", 0.001)
    monkeypatch.setattr("reelwright.client._LONGEST_POLL_S", 0.002)


@pytest.mark.usefixtures("_hurried")
def test_watching_tells_each_change_once_and_ends_with_the_job(
    api: FakeApi, client: Client
) -> None:
    api.on(
        "GET",
        f"/jobs/{ID}",
        ok(job("QUEUED", stage="queued")),
        ok(job("RUNNING", eta_s=9.0)),
        ok(job("RUNNING", eta_s=8.0)),
        ok(job("COMPLETE")),
    )
    assert [now.status for now in client.watch(ID)] == ["QUEUED", "RUNNING", "COMPLETE"]
    assert len(api.asked) == 4


@pytest.mark.usefixtures("_hurried")
def test_watching_goes_on_while_the_api_has_no_room(
    api: FakeApi, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = [Answer(429)] * (3 * TRIES)
    api.on("GET", f"/jobs/{ID}", ok(job("RUNNING")), *busy, ok(job("COMPLETE")))
    assert [now.status for now in client.watch(ID)] == ["RUNNING", "COMPLETE"]
    monkeypatch.setattr("reelwright.client._PATIENCE_S", 0.01)
    api.on("GET", f"/jobs/{ID}", ok(job("RUNNING")), Answer(503))
    with pytest.raises(BusyError, match="answers 503, try after try"):
        list(client.watch(ID))


@pytest.mark.usefixtures("_hurried")
def test_waiting_ends_with_the_job_or_with_the_time(api: FakeApi, client: Client) -> None:
    api.on("GET", f"/jobs/{ID}", ok(job("RUNNING")), ok(job("FAILED")))
    assert client.wait(ID, timeout_s=30).status == "FAILED"
    api.on("GET", f"/jobs/{ID}", ok(job("RUNNING")))
    with pytest.raises(JobTimeoutError, match=f"Job {ID} has not ended after 0.02 s"):
        client.wait(ID, timeout_s=0.02)


def test_cancelling_gives_the_job_back(api: FakeApi, client: Client) -> None:
    api.on("DELETE", f"/jobs/{ID}", ok(job("CANCELLED"), 202))
    assert client.cancel(ID).status == "CANCELLED"
