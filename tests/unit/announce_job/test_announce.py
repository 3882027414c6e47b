"""Every change of a job's status is told, in order, and nothing else is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.announce_job.bus import MOST_LETTERS
from functions.announce_job.changes import changes
from functions.announce_job.letters import MOST_BYTES
from functions.shared.job import parse_input
from functions.shared.jobs_table import NEVER_STARTED, JobError
from functions.shared.media_store import Keys
from tests.unit.announce_job.conftest import HOOK, Newsroom
from tests.unit.conftest import GOOD, NOW, arn

LATER = NOW + timedelta(minutes=1)


def test_the_life_of_a_job_is_told_in_order(news: Newsroom) -> None:
    news.desk.run("a", notify=HOOK)
    news.complete()
    assert news.announce().failed is None
    assert news.events.kinds == ["Queued", "Waiting", "Started", "Completed"]
    assert [detail["status"] for detail in news.events.details] == [
        "QUEUED",
        "WAITING",
        "RUNNING",
        "COMPLETE",
    ]
    assert news.events.details[-1]["notes"] == ["No sound."]
    assert {entry["EventBusName"] for entry in news.events.taken} == {"bus"}
    told = news.webhooks()
    assert [body["type"] for body in told] == [
        "job.queued",
        "job.waiting",
        "job.started",
        "job.completed",
    ]
    assert [body["data"] for body in told] == news.events.details


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (lambda jobs: jobs.fail("a", arn("a"), JobError("E", "m"), NOW), "Failed"),
        (lambda jobs: jobs.fail("a", arn("a"), JobError("E", "m"), NOW, "CANCELLED"), "Cancelled"),
    ],
)
def test_other_ends_are_told_by_name(news: Newsroom, end: Callable[[Any], bool], kind: str) -> None:
    news.desk.run("a")
    assert end(news.desk.jobs)
    news.announce()
    assert news.events.kinds[-1] == kind
    assert news.events.details[-1]["error"]["name"] == "E"


def test_what_was_refused_is_told_too_whatever_it_was(news: Newsroom) -> None:
    error = JobError("InvalidRequest", "The message is not JSON.", "Register Job")
    assert news.desk.jobs.reject("a", "render my video please", error, "queue", NOW)
    news.announce()
    assert news.events.kinds == ["Rejected"]
    assert news.events.details[0]["error"]["message"] == "The message is not JSON."
    assert news.webhooks() == []


def test_a_write_that_changes_no_status_is_not_told(news: Newsroom) -> None:
    news.desk.run("a", notify=HOOK)
    news.announce()
    before = len(news.events.taken)
    jobs = news.desk.jobs
    jobs.stop_webhook("a", "Gone.")
    assert jobs.begin_publishing("a", arn("a"))
    assert not jobs.request_cancel("a", NOW)
    records = news.records()
    assert len(records) == 2
    assert changes(records) == []
    assert news.announce(records).changes == ()
    assert len(news.events.taken) == before


def test_a_change_that_did_not_come_about_is_not_told(news: Newsroom) -> None:
    news.desk.run("a")
    news.announce()
    jobs = news.desk.jobs
    assert not jobs.claim("a", arn("another"), NOW, reopen=False)
    assert not jobs.complete("a", arn("another"), "jobs/a/result.json", NOW)
    assert not jobs.fail("a", arn("another"), JobError("E", "m"), NOW)
    assert jobs.register("a", parse_input(GOOD), "queue", NOW) is not None
    assert news.records() == []


def test_a_row_that_is_removed_is_not_told(news: Newsroom) -> None:
    news.desk.queue("a")
    (written,) = news.records()
    told = written["dynamodb"]
    removed = {"SequenceNumber": "9", "Keys": told["Keys"], "OldImage": told["NewImage"]}
    assert changes([{"dynamodb": removed}]) == []


@pytest.mark.aws("ddb-stream")
def test_a_repeated_delivery_carries_the_same_ids(news: Newsroom) -> None:
    news.desk.run("a", notify=HOOK)
    records = news.records()
    news.announce(records)
    once = list(news.events.ids)
    news.announce(records)
    assert news.events.ids == once * 2
    assert len(set(once)) == 3
    # The queue takes a repeat within minutes for what it is.
    assert [body["data"]["event_id"] for body in news.webhooks()] == once


def test_the_same_status_reached_again_is_another_event(news: Newsroom) -> None:
    jobs, desk = news.desk.jobs, news.desk
    desk.run("a")
    assert jobs.fail("a", arn("a"), JobError("E", "m"), NOW)
    assert jobs.claim("a", arn("b"), NOW, reopen=True)
    assert jobs.fail("a", arn("b"), JobError("E", "m"), NOW)
    news.announce()
    assert news.events.kinds == ["Queued", "Waiting", "Started", "Failed", "Waiting", "Failed"]
    assert len(set(news.events.ids)) == 6


def test_a_job_that_is_queued_again_is_told_again(news: Newsroom) -> None:
    jobs = news.desk.jobs
    news.desk.queue("a")
    assert jobs.fail("a", None, NEVER_STARTED, NOW)
    assert jobs.queue_again("a", LATER)
    news.announce()
    assert news.events.kinds == ["Queued", "Failed", "Queued"]
    assert len(set(news.events.ids)) == 3


def test_only_jobs_that_ask_for_webhooks_get_them(news: Newsroom) -> None:
    news.desk.queue("a", notify=HOOK)
    news.desk.queue("b")
    news.desk.queue("c", notify={"metadata": {"k": "v"}})
    news.announce()
    assert [body["data"]["job_id"] for body in news.webhooks()] == ["a"]


def test_a_stopped_webhook_is_told_nothing_more(news: Newsroom) -> None:
    news.desk.queue("a", notify=HOOK)
    news.desk.jobs.stop_webhook("a", "The receiver answered 410.")
    assert news.desk.jobs.claim("a", arn("a"), LATER, reopen=False)
    news.announce()
    assert [body["type"] for body in news.webhooks()] == ["job.queued"]
    assert news.events.details[-1]["webhook_error"] == "The receiver answered 410."


@pytest.mark.aws("eb-put")
def test_an_entry_the_bus_refuses_is_sent_again_alone(news: Newsroom) -> None:
    news.desk.run("a")
    news.events.refusing = {0: {"Job Waiting"}, 1: {"Job Waiting"}}
    assert news.announce().failed is None
    assert [len(call) for call in news.events.calls] == [3, 1, 1]
    assert news.events.kinds == ["Queued", "Started", "Waiting"]


def test_what_the_bus_keeps_refusing_is_named_and_no_webhook_overtakes_it(news: Newsroom) -> None:
    news.desk.run("a", notify=HOOK)
    news.events.refusing = {call: {"Job Waiting"} for call in range(9)}
    told = news.announce()
    assert told.failed is not None
    assert (told.failed.kind, [change.kind for change in told.changes]) == ("waiting", ["queued"])
    assert [body["type"] for body in news.webhooks()] == ["job.queued"]


def test_a_fault_of_aws_leaves_what_was_told_before_it(news: Newsroom) -> None:
    for number in range(MOST_LETTERS + 3):
        news.desk.queue(f"job-{number:02}", notify=HOOK)
    records = news.records()
    boto3.client("sqs").delete_queue(QueueUrl=news.outbox.url)
    told = news.announce(records)
    assert told.failed is not None
    assert (told.failed.job_id, told.changes) == ("job-00", ())
    assert told.failed.sequence_number == records[0]["dynamodb"]["SequenceNumber"]
    assert "NonExistentQueue" in told.why


@pytest.mark.aws("eb-put")
def test_one_call_never_carries_more_than_the_bus_takes(news: Newsroom) -> None:
    note = "x" * 60_000
    for number in range(12):
        news.desk.queue(f"job-{number:02}", notify={"metadata": {"note": note}})
    assert news.announce().failed is None
    assert len(news.events.taken) == 12
    for call in news.events.calls:
        assert sum(len(entry["Detail"]) for entry in call) <= 256_000


def test_a_damaged_plan_holds_up_no_event(news: Newsroom) -> None:
    news.desk.run("a")
    news.store.write(Keys("a").plan, b"{}", "application/json")
    assert news.desk.jobs.fail("a", arn("a"), JobError("PartMismatch", "m"), NOW)
    assert news.announce().failed is None
    assert news.events.kinds[-1] == "Failed"


def test_a_result_that_was_removed_holds_up_no_event(news: Newsroom) -> None:
    news.desk.run("a")
    news.complete()
    news.store.s3.delete_object(Bucket=news.store.bucket, Key=Keys("a").result)
    assert news.announce().failed is None
    assert news.events.details[-1]["outputs"] == []


def test_a_store_that_does_not_answer_is_a_fault_not_a_missing_result(
    news: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "HeadObject")  # type: ignore[typeddict-item]

    news.desk.run("a")
    news.complete()
    monkeypatch.setattr(news.store.s3, "head_object", slow)
    told = news.announce()
    assert told.failed is not None
    assert "SlowDown" in told.why


def test_many_pictures_are_listed_as_far_as_there_is_room(news: Newsroom) -> None:
    picture = {"key": "jobs/a/out/snapshots/00000-320.jpg", "time_s": 0.5, "frame": 1}
    size = {"width": 320, "height": 180, "size_bytes": 12_345}
    news.desk.run("a", notify=HOOK)
    news.complete()
    result = {"outputs": [], "snapshots": [picture | size] * 8000, "notes": ["No sound."]}
    news.store.write_json(Keys("a").result, result)
    assert news.announce().failed is None
    entry, detail = news.events.taken[-1], news.events.details[-1]
    assert MOST_BYTES - 1000 < len(entry["Detail"]) <= MOST_BYTES
    assert detail["notes"][0] == "No sound."
    assert f"lists {len(detail['snapshots'])} of 8000 snapshots" in detail["notes"][1]
    assert news.webhooks()[-1]["data"] == detail


def test_an_event_holds_no_address_and_no_secret_and_only_ascii(news: Newsroom) -> None:
    news.desk.run(
        "a",
        source="https://example.com/a.mp4?signature=s3cret",
        notify={
            "webhook_url": "https://example.com/hook?token=s3cret",
            "webhook_secret": "whsec_" + "s3cret00" * 5,
            "metadata": {"title": "Über \uffff"},
        },
    )
    news.complete()
    news.announce()
    bodies = news.webhooks()
    assert "s3cret" not in str(news.events.taken) + str(bodies)
    assert "example.com" not in str(news.events.taken) + str(bodies)
    assert all(entry["Detail"].isascii() for entry in news.events.taken)
    assert news.events.details[0]["metadata"] == {"title": "Über \uffff"}
    assert "url" not in str(news.events.details[-1]["outputs"])
