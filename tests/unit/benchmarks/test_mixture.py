"""The messages of a load: the same for the same seed, and each what it claims to be."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from benchmarks.load.messages import Message
from benchmarks.load.mixture import mixture
from benchmarks.load.poison import Poison, poisons
from benchmarks.load.sources import Broken, Clip
from functions.register_job.register import register
from functions.shared.job import parse_request
from functions.shared.jobs_table import JobsTable

CLIPS = [Clip("one", 30, "s3://media/uploads/one.mp4"), Clip("two", 60, "s3://media/uploads/2.mp4")]
BROKEN = [Broken("empty", "SourceEmpty", "s3://media/uploads/empty.mp4")]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def load(seed: int = 1, count: int = 100, run: str = "run") -> list[Message]:
    return mixture(seed, count, run, CLIPS, BROKEN)


def test_a_seed_gives_the_same_load_again_and_another_seed_another() -> None:
    assert load(seed=7) == load(seed=7)
    assert load(seed=7) != load(seed=8)
    renamed = [message.body.replace("other", "run") for message in load(run="other")]
    assert renamed == [message.body for message in load()]


@pytest.mark.parametrize("count", [5, 20, 100, 333])
def test_a_load_has_as_many_messages_as_asked_for_and_every_kind(count: int) -> None:
    messages = load(count=count)
    assert len(messages) == count
    assert set(Counter(message.kind for message in messages)) == {
        *("render", "failing", "duplicate", "taken id", "poison")
    }


def test_too_few_messages_for_all_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="send 5 or more"):
        load(count=4)


def test_sqs_takes_no_two_messages_for_one() -> None:
    messages = load(count=300)
    assert len({message.deduplication for message in messages}) == len(messages)


@pytest.mark.parametrize("seed", range(5))
def test_what_repeats_or_contests_a_job_comes_behind_it_in_the_queue(seed: int) -> None:
    messages = load(seed)
    for place, message in enumerate(messages):
        if message.original is None:
            continue
        (first,) = [m for m in messages if m.job_id == message.original and m.kind == "render"]
        assert messages.index(first) < place
        if message.kind == "duplicate":
            assert message.body == first.body
        else:
            assert parse_request(message.body).hash != parse_request(first.body).hash
            assert message.group == first.group
        if first.order_key:
            assert message.group == first.order_key


def test_half_of_the_repeats_wait_for_the_end_of_their_original() -> None:
    late = Counter((message.kind, message.is_late) for message in load() if message.original)
    assert late["duplicate", True] == late["duplicate", False] == 4
    assert late["taken id", True] == late["taken id", False] == 2


@pytest.mark.parametrize(
    "poison", list(poisons(CLIPS[0].url)), ids=lambda poison: poison.name.replace(" ", "-")
)
def test_every_poison_is_refused_under_the_id_and_with_the_error_it_names(
    jobs: JobsTable, poison: Poison
) -> None:
    body = poison.body.replace("JOB_ID", "job-1")
    assert register({"messageId": "message-1", "body": body}, jobs, ("media",), NOW) is None
    told, other = ("job-1", "message-1") if poison.has_id else ("message-1", "job-1")
    row = jobs.get(told)
    assert row is not None
    assert (row["status"], row["error"]["name"]) == ("REJECTED", poison.error)
    assert jobs.get(other) is None


def test_every_render_and_every_job_of_a_broken_source_is_a_good_request() -> None:
    for message in load():
        if message.kind in {"render", "failing"}:
            request = parse_request(message.body)
            assert (request.job_id, request.order_key) == (message.job_id, message.order_key)
            outputs = json.loads(message.body).get("render", {}).get("outputs", [])
            if message.kind == "render":
                assert {output["name"] for output in outputs} == set(message.frames)
                assert message.pictures or message.frames
