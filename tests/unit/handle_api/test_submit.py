"""A job is accepted once, whatever is lost, repeated or done at the same time."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.shared.submissions import KEPT
from tests.unit.conftest import NOW
from tests.unit.handle_api.conftest import ANN, BEN, Answer, Api, wanted

KEY = {"Idempotency-Key": "mine-1"}


def post(api: Api, body: Any = None, *, sub: str = ANN, **headers: str) -> Answer:
    given = wanted(sub) if body is None else body
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return api.call("POST", "/jobs", given, sub=sub, headers=named)


def test_a_job_is_noted_sent_and_shown(api: Api) -> None:
    answer = post(api, wanted(order_key="k", notify={"metadata": {"title": "Mine"}}))

    job = answer.json
    assert (answer.status, answer.headers["Location"]) == (202, f"/jobs/{job['job_id']}")
    assert (job["status"], job["stage"], job["order_key"]) == ("QUEUED", "queued", "k")
    assert job["metadata"] == {"title": "Mine"}
    (message,) = api.sent()
    body = json.loads(message["Body"])
    assert (body["job_id"], body["owner"]) == (job["job_id"], ANN)
    assert message["Attributes"]["MessageDeduplicationId"] == job["job_id"]
    row = api.submissions.get(job["job_id"])
    assert row is not None
    assert int(row["expires_at"]) == int((NOW + KEPT).timestamp())


def test_without_a_key_each_is_a_job_of_its_own(api: Api) -> None:
    first, second = post(api), post(api)
    assert first.json["job_id"] != second.json["job_id"]
    assert len(api.sent()) == 2


@pytest.mark.parametrize("when", ["sent", "registered", "ended"])
def test_the_same_key_and_body_is_the_same_job(api: Api, when: str) -> None:
    first = post(api, **KEY).json
    if when != "sent":
        assert len(api.register()) == 1
    if when == "ended":
        api.call("DELETE", f"/jobs/{first['job_id']}")

    again = post(api, **KEY)

    assert (again.status, again.json["job_id"]) == (202, first["job_id"])
    assert again.json["status"] == ("CANCELLED" if when == "ended" else "QUEUED")
    assert len(api.register()) == (1 if when == "sent" else 0)


def test_the_order_of_fields_does_not_make_another_body(api: Api) -> None:
    body = wanted(notify={"metadata": {"a": "1", "b": "2"}})
    first = post(api, body, **KEY)
    again = post(api, {**dict(reversed(body.items())), "priority": 0}, **KEY)
    assert again.json["job_id"] == first.json["job_id"]


@pytest.mark.parametrize("when", ["sent", "registered", "expired"])
@pytest.mark.parametrize(
    "other",
    [
        {"priority": 1},
        {"notify": {"webhook_secret": "whsec_" + "b" * 32}},
    ],
    ids=["field", "secret"],
)
def test_the_same_key_with_another_body_is_refused(
    api: Api, when: str, other: dict[str, Any]
) -> None:
    secret = {"notify": {"webhook_secret": "whsec_" + "a" * 32}}
    first = post(api, wanted(**secret), **KEY)
    if when != "sent":
        api.register()
    if when == "expired":
        key = {"job_id": {"S": first.json["job_id"]}}
        api.submissions.dynamodb.delete_item(TableName="submissions", Key=key)

    answer = post(api, wanted(**{**secret, **other}), **KEY)

    assert (answer.status, answer.json["type"]) == (409, "urn:reelwright:problem:key-taken")
    assert "whsec" not in answer.text
    assert len(api.register()) == (1 if when == "sent" else 0)
    assert post(api, wanted(**secret), **KEY).json["job_id"] == first.json["job_id"]


def test_two_callers_may_use_one_key(api: Api) -> None:
    first, second = post(api, **KEY), post(api, sub=BEN, **KEY)
    assert (first.status, second.status) == (202, 202)
    assert first.json["job_id"] != second.json["job_id"]


def test_a_message_that_was_lost_is_sent_by_the_repeat(api: Api) -> None:
    """The function may end between the note and the message."""

    class Broken:
        def send_message(self, **_arguments: Any) -> None:
            error = {"Error": {"Code": "InternalError", "Message": "no"}}
            meta: Any = {"ResponseMetadata": {"HTTPStatusCode": 500}}
            raise ClientError({**error, **meta}, "SendMessage")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("functions.handle_api.handler.sqs", Broken)
        failed = post(api, **KEY)
    assert (failed.status, failed.headers["Retry-After"]) == (503, "1")
    assert api.sent() == []

    again = post(api, **KEY)

    assert again.status == 202
    assert [job["job_id"] for job in api.register()] == [again.json["job_id"]]


def test_two_at_once_put_one_message_on_the_queue(api: Api) -> None:
    """Both find nothing; the second to note it finds the first one's note."""
    unseen = api.jobs.get
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.jobs, "get", lambda _job_id: None)
        first, second = post(api, **KEY), post(api, **KEY)
    assert unseen(first.json["job_id"]) is None
    assert first.json == second.json
    assert len(api.sent()) == 1  # of one deduplication id


@pytest.mark.aws("sqs-dedup")
def test_a_repeat_after_the_queues_memory_registers_nothing_twice(api: Api) -> None:
    job_id = post(api, **KEY).json["job_id"]
    (message,) = api.sent()
    for number in "12":
        api.queue.sqs.send_message(
            QueueUrl=api.queue.url,
            MessageBody=message["Body"],
            MessageGroupId=message["Attributes"]["MessageGroupId"],
            MessageDeduplicationId=number,
        )
    api.register()
    row = api.jobs.get(job_id)
    assert row is not None
    assert int(row["sequence"]) == 1
    assert len(list(api.jobs.turns.all())) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ünlaut", "new\nline"])
def test_a_key_that_can_not_be_one_is_refused(api: Api, key: str) -> None:
    answer = post(api, Idempotency_Key=key)
    assert (answer.status, answer.json["type"]) == (400, "urn:reelwright:problem:invalid-parameter")
    assert answer.json["errors"][0]["path"] == "Idempotency-Key"


def test_jobs_of_one_lane_share_a_group_and_others_do_not(api: Api) -> None:
    for owner, order_key in ((ANN, "ä/ ;\n☃"), (ANN, "ä/ ;\n☃"), (ANN, "b"), (BEN, "b")):
        assert post(api, wanted(owner, order_key=order_key), sub=owner).status == 202
    assert post(api).status == 202
    assert post(api).status == 202
    groups = [message["Attributes"]["MessageGroupId"] for message in api.sent()]
    assert groups[0] == groups[1]
    assert len(set(groups)) == 5
    assert all(group.isalnum() and len(group) == 64 for group in groups)


def test_the_queue_takes_what_json_can_say(api: Api) -> None:
    """SQS refuses some characters that JSON allows."""
    metadata = {"odd": "\x00\x1b\ufffe\U0001f3ac"}
    shown = post(api, wanted(notify={"metadata": metadata})).json
    (message,) = api.sent()
    assert message["Body"].isascii()
    assert message["Body"].isprintable()
    assert json.loads(message["Body"])["notify"]["metadata"] == metadata
    assert shown["metadata"] == metadata


@pytest.mark.parametrize(
    "source",
    [
        f"s3://media/uploads/{BEN}/a.mp4",
        f"s3://media/uploads/{ANN}",
        f"s3://media/uploads/{ANN}/../{BEN}/a.mp4",
        "s3://media/jobs/other/out/video.mp4",
        "s3://elsewhere/a.mp4",
    ],
)
def test_a_source_that_is_not_the_callers_is_refused_at_once(api: Api, source: str) -> None:
    answer = post(api, {**wanted(), "source": source})
    assert (answer.status, answer.json["type"]) == (
        422,
        "urn:reelwright:problem:source-not-allowed",
    )
    assert answer.json["errors"] == [{"path": "source", "detail": answer.json["detail"]}]
    assert api.sent() == []


@pytest.mark.parametrize("source", ["s3://footage/a.mp4", "https://example.com/a.mp4"])
def test_listed_buckets_and_the_web_are_for_all(api: Api, source: str) -> None:
    assert post(api, {**wanted(), "source": source}).status == 202


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"source": "https://169.254.169.254/a"}, "source", "not a public one"),
        ({"source": "http://example.com/a"}, "source", "'http'"),
        ({"owner": BEN}, "owner", "not a field"),
        ({"job_id": "mine"}, "job_id", "not a field"),
        ({"rendr": {}}, "rendr", "did you mean render?"),
        ({"render": {"outputs": [{"height": 91}]}}, "render.outputs.0.height", "multiple of 2"),
        ({"render": None}, "", "ask for render, snapshots or both"),
        ({"render": {"outputs": [{"name": "a"}] * 2}}, "render", "two outputs are named"),
        ({"priority": "high"}, "priority", "integer"),
    ],
)
def test_what_can_never_run_is_refused_field_by_field(
    api: Api, change: dict[str, Any], path: str, said: str
) -> None:
    answer = post(api, {**wanted(), **change})
    assert (answer.status, answer.json["type"]) == (422, "urn:reelwright:problem:invalid-request")
    (error,) = answer.json["errors"]
    assert error["path"] == path
    assert said in error["detail"]
    assert api.sent() == []


def test_what_is_near_an_unknown_field_is_looked_for_in_the_body_only(api: Api) -> None:
    """`job_id` and `owner` are fields of the message, not of the body."""
    (error,) = post(api, {**wanted(), "ownr": "me"}).json["errors"]
    assert "owner" not in error["detail"]


def test_a_request_too_large_for_the_pipe_is_refused(api: Api) -> None:
    answer = post(api, wanted(notify={"metadata": {"long": "x" * 100_000}}))
    assert answer.status == 422
    assert "100000 are allowed" in answer.json["detail"]


def test_notes_outlive_the_message() -> None:
    """A job is registered, or lost with its message, before its note goes."""
    assert timedelta(days=4) < KEPT
