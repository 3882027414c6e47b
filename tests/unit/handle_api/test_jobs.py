"""A job is shown to its owner and to operators, and cancelled by the functions that know how."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.shared.jobs_table import JobError
from functions.shared.media_store import Keys
from tests.unit.assemble_render.jobs import JOB, SOUND, make_plan
from tests.unit.conftest import NOW, arn
from tests.unit.handle_api.conftest import ANN, BEN, Answer, Api, wanted

OPERATOR = "[operators]"
OUTPUT: dict[str, Any] = {
    "name": "90p",
    "key": f"jobs/{JOB}/out/90p.mp4",
    "size_bytes": 10,
    "sha256": "0",
    "frames": 60,
    "duration_s": 2.0,
    "width": 160,
    "height": 90,
    "rate": "30000/1001",
    "audio": None,
}
PICTURE: dict[str, Any] = {
    "key": f"jobs/{JOB}/out/snapshots/00000-160.jpg",
    "time_s": 0.0,
    "frame": 0,
    "width": 160,
    "height": 90,
    "size_bytes": 7,
}


def get(api: Api, job_id: str = JOB, **who: str) -> Answer:
    return api.call("GET", f"/jobs/{job_id}", **who)


def run(api: Api) -> None:
    """A job whose turn has come, with half of its parts made."""
    api.queue_job(JOB)
    assert api.jobs.claim(JOB, arn(JOB), NOW, reopen=False)
    turn = api.desk.turn(JOB)
    assert api.jobs.turns.store_token(turn, JOB, arn(JOB))
    desk = api.desk
    desk.grant()
    api.jobs.start(JOB, arn(JOB), desk.answers.told[JOB], NOW - timedelta(seconds=30))
    api.store.write_plan(make_plan())
    keys = Keys(JOB)
    for key in (keys.chunk("90p", 0), keys.chunk("90p", 1), keys.chunk("90p", 2)):
        api.store.write(key, b"x", "video/mp4")
    api.store.write(keys.audio(SOUND.file_name), b"x", "audio/mp4")
    api.store.write(keys.snapshot_part("00000-160.jpg"), b"x", "image/jpeg")


def complete(api: Api) -> None:
    run(api)
    result = {"outputs": [OUTPUT], "snapshots": [PICTURE], "notes": ["No sound."]}
    api.store.write_json(Keys(JOB).result, result)
    assert api.jobs.complete(JOB, arn(JOB), Keys(JOB).result, NOW)


def test_a_job_that_is_only_sent_is_queued(api: Api) -> None:
    job_id = api.call("POST", "/jobs", wanted(order_key="k", priority=3)).json["job_id"]
    shown = get(api, job_id).json
    assert (shown["status"], shown["stage"]) == ("QUEUED", "queued")
    assert (shown["order_key"], shown["priority"], shown["attempts"]) == ("k", 3, 0)
    api.register()
    assert {**get(api, job_id).json, "created_at": ""} == {**shown, "created_at": ""}


def test_a_running_job_tells_how_far_it_is(api: Api) -> None:
    run(api)
    shown = get(api).json
    assert (shown["stage"], shown["duration_s"]) == ("rendering", 2.002)
    assert shown["progress"] == {
        "fraction": pytest.approx(0.99 * 5 / 11, abs=0.0001),
        "chunks_done": 3,
        "chunks_total": 6,
        "snapshots_done": 1,
        "snapshots_total": 4,
    }
    assert shown["eta_s"] > 30


def test_a_failed_job_keeps_its_progress_while_it_waits_for_its_next_turn(api: Api) -> None:
    run(api)
    before = get(api).json["progress"]
    api.jobs.fail(JOB, arn(JOB), JobError("Any", "So."), NOW)
    assert get(api).json["progress"] == before
    assert api.jobs.claim(JOB, arn("again"), NOW, reopen=True)
    shown = get(api).json
    assert (shown["stage"], shown["progress"]) == ("waiting", before)


def test_a_complete_job_shows_its_files_though_its_parts_are_gone(api: Api) -> None:
    complete(api)
    for key in [key for key in keys_of(api) if key.startswith("parts/")]:
        api.store.s3.delete_object(Bucket=api.store.bucket, Key=key)
    shown = get(api).json
    assert (shown["progress"]["fraction"], shown["progress"]["chunks_done"]) == (1, 6)
    assert (shown["notes"], shown["eta_s"]) == (["No sound."], 0)
    (file,), (picture,) = shown["outputs"], shown["snapshots"]
    assert (file["size_bytes"], picture["time_s"]) == (10, 0)
    for made in (file, picture):
        url = urlsplit(made["url"])
        signed = {key: value[0] for key, value in parse_qs(url.query).items()}
        assert url.path.endswith(made["key"])
        assert signed["X-Amz-Expires"] == "900"
        name = made["key"].rsplit("/")[-1]
        assert signed["response-content-disposition"] == f'inline; filename="{name}"'


def keys_of(api: Api) -> list[str]:
    listed = api.store.s3.list_objects_v2(Bucket=api.store.bucket)
    return [found["Key"] for found in listed["Contents"]]


def test_a_job_whose_files_were_removed_by_hand_is_still_shown(api: Api) -> None:
    complete(api)
    for key in keys_of(api):
        api.store.s3.delete_object(Bucket=api.store.bucket, Key=key)
    shown = get(api)
    assert (shown.status, shown.json["outputs"], shown.json["progress"]["fraction"]) == (200, [], 1)


@pytest.mark.parametrize("when", ["sent", "registered"])
def test_anothers_job_is_as_one_that_is_not_there(api: Api, when: str) -> None:
    job_id = api.call("POST", "/jobs", wanted()).json["job_id"]
    if when == "registered":
        api.register()
    for method in ("GET", "DELETE"):
        foreign = api.call(method, f"/jobs/{job_id}", sub=BEN)
        absent = api.call(method, f"/jobs/{'0' * 32}", sub=BEN)
        assert (foreign.status, absent.status) == (404, 404)
        assert foreign.text.replace(job_id, "") == absent.text.replace("0" * 32, "")
    assert get(api, job_id).json["status"] == "QUEUED"


@pytest.mark.parametrize("job_id", ["%2e%2e", "a b", "ä", "x" * 3000, "a/b", "-", "{job_id}", "'"])
def test_what_is_no_id_is_not_even_looked_for(
    api: Api, monkeypatch: pytest.MonkeyPatch, job_id: str
) -> None:
    """DynamoDB takes no key of any length."""
    monkeypatch.setattr(api.jobs, "get", pytest.fail)
    answer = get(api, job_id)
    assert (answer.status, answer.json["type"]) == (404, "urn:reelwright:problem:not-found")


def test_operators_see_and_cancel_all(api: Api) -> None:
    api.queue_job("ann")
    api.queue_job("nobodys", owner=None)
    for job_id in ("ann", "nobodys"):
        assert get(api, job_id, sub=BEN, groups=OPERATOR).status == 200
        answer = api.call("DELETE", f"/jobs/{job_id}", sub=BEN, groups=OPERATOR)
        assert (answer.status, answer.json["status"]) == (202, "CANCELLED")


def test_a_job_without_an_owner_is_for_operators_only(api: Api) -> None:
    api.queue_job("nobodys", owner=None)
    assert get(api, "nobodys").status == 404


def test_a_registered_job_is_cancelled(api: Api) -> None:
    api.queue_job(JOB)
    answer = api.call("DELETE", f"/jobs/{JOB}")
    assert (answer.status, answer.json["status"], answer.json["error"]["name"]) == (
        202,
        "CANCELLED",
        "JobCancelled",
    )
    assert api.lambdas.called == ["cancel"]
    again = api.call("DELETE", f"/jobs/{JOB}")
    assert (again.status, again.json["status"]) == (202, "CANCELLED")


def test_a_job_that_is_only_sent_is_registered_and_cancelled_and_its_message_does_nothing(
    api: Api,
) -> None:
    body = wanted(order_key="k", notify={"metadata": {"title": "Ö"}})
    job_id = api.call("POST", "/jobs", body).json["job_id"]
    answer = api.call("DELETE", f"/jobs/{job_id}")
    assert (answer.status, answer.json["status"]) == (202, "CANCELLED")
    assert api.lambdas.called == ["register", "cancel"]
    assert api.register() == []
    assert get(api, job_id).json["status"] == "CANCELLED"
    row = api.jobs.get(job_id)
    assert row is not None
    assert (row["owner"], row["lane"]) == (ANN, f"owner/{ANN}/k")


def test_its_message_may_come_between_registering_and_cancelling(api: Api) -> None:
    """Then its execution is started, and cancelled with it."""
    job_id = api.call("POST", "/jobs", wanted()).json["job_id"]
    invoke = api.lambdas.invoke

    def raced(FunctionName: str, Payload: str) -> Any:  # noqa: N803
        told = invoke(FunctionName, Payload)
        if FunctionName == "register":
            (started,) = api.register()
            assert api.jobs.claim(started["job_id"], arn("a"), NOW, reopen=False)
        return told

    api.lambdas.invoke = raced  # type: ignore[method-assign]
    assert api.call("DELETE", f"/jobs/{job_id}").json["status"] == "CANCELLED"


def test_it_is_too_late_once_a_job_has_ended_or_is_being_published(api: Api) -> None:
    run(api)
    assert api.jobs.begin_publishing(JOB, arn(JOB))
    answer = api.call("DELETE", f"/jobs/{JOB}")
    assert (answer.status, answer.json["type"]) == (409, "urn:reelwright:problem:cancel-refused")
    assert "being published" in answer.json["detail"]
    api.jobs.complete(JOB, arn(JOB), Keys(JOB).result, NOW)
    ended = api.call("DELETE", f"/jobs/{JOB}")
    assert (ended.status, "COMPLETE" in ended.json["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("error", "status"),
    [("TransientError", 503), ("KeyError", 500), ("Sandbox.Timedout", 500)],
)
def test_a_function_that_fails_is_not_a_refusal(api: Api, error: str, status: int) -> None:
    api.queue_job(JOB)
    api.lambdas.failing["cancel"] = {"errorType": error, "errorMessage": "s3cret"}
    answer = api.call("DELETE", f"/jobs/{JOB}")
    assert answer.status == status
    assert "s3cret" not in answer.text
