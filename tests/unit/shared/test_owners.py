"""A job's owner: lanes and sources are its own."""

from typing import Any

import pytest

from functions.register_job.register import register
from functions.shared.admission import check_source
from functions.shared.errors import SourceNotAllowed
from functions.shared.job import Request, parse_input
from functions.shared.jobs_table import JobsTable
from functions.shared.turns_table import lane_of
from tests.unit.conftest import GOOD, NOW
from tests.unit.register_job.test_register import message

READABLE = ("media", "masters")


def request(source: str, owner: str | None) -> Any:
    return parse_input({**GOOD, "source": source, **({"owner": owner} if owner else {})})


@pytest.mark.parametrize(
    ("source", "owner"),
    [
        ("s3://media/uploads/a.mp4", None),
        ("s3://media/uploads/ann/a.mp4", None),
        ("s3://media/uploads/ann/a..b/…mp4", "ann"),
        ("s3://masters/anything.mp4", "ann"),
        ("https://example.com/a.mp4", "ann"),
    ],
)
def test_a_source_that_may_be_read(source: str, owner: str | None) -> None:
    check_source(request(source, owner), READABLE)


@pytest.mark.parametrize(
    ("source", "owner"),
    [
        ("s3://media/parts/other/video/00000.mp4", None),
        ("s3://media/jobs/other/out/video.mp4", None),
        ("s3://media/uploads/bob/a.mp4", "ann"),
        ("s3://media/uploads/ann2/a.mp4", "ann"),
        ("s3://media/uploads/a.mp4", "ann"),
        ("s3://media/uploads/ann/../bob/a.mp4", "ann"),
        ("s3://media/uploads/./a.mp4", None),
        ("s3://others/a.mp4", "ann"),
    ],
)
def test_a_source_that_may_not(source: str, owner: str | None) -> None:
    with pytest.raises(SourceNotAllowed):
        check_source(request(source, owner), READABLE)


@pytest.mark.parametrize(
    "edit",
    [
        {"overlays": [{"image": "s3://masters/a.png"}, {"image": "s3://others/a.png"}]},
        {"overlays": [{"image": "s3://masters/a.png"}, {"image": "s3://media/jobs/x/a.png"}]},
        {"overlays": [{"image": "s3://masters/a.png"}, {"image": "s3://media/uploads/bob/a.png"}]},
        {"captions": [{"source": "https://a.example/x"}, {"source": "s3://others/a.srt"}]},
    ],
)
def test_an_asset_is_held_to_the_rules_of_the_source(edit: dict[str, Any]) -> None:
    if "captions" in edit:
        edit["captions"][0]["language"] = "de"
    wanted = parse_input({**GOOD, "source": "s3://masters/a.mp4", "owner": "ann", "edit": edit})
    with pytest.raises(SourceNotAllowed, match=r"edit\.(overlays\.1\.image|captions\.1\.source)"):
        check_source(wanted, READABLE)


def test_every_address_of_a_request_is_held_to_the_rules() -> None:
    """Whoever adds a field with an address adds it to `named_assets`, too."""
    schema = Request.model_json_schema()
    fields = {
        name
        for model in [schema, *schema["$defs"].values()]
        for name, field in model.get("properties", {}).items()
        if any("x-media-address" in one for one in [field, *field.get("anyOf", [])])
    }
    assert fields == {"source", "image", "replace"}


def test_two_owners_never_share_a_lane_whatever_their_keys_are() -> None:
    lanes = {
        lane_of("k", "j"),
        lane_of("k", "j", "ann"),
        lane_of("k", "j", "bob"),
        lane_of("ann/k", "j"),
        lane_of("b/k", "j", "a"),
        lane_of("k", "j", "a-b"),
        lane_of(None, "j", "ann"),
    }
    assert len(lanes) == 7


def test_an_owners_jobs_of_a_key_follow_each_other_and_wait_for_nobody_elses(
    jobs: JobsTable,
) -> None:
    source = {"source": "s3://media/uploads/ann/a.mp4", "order_key": "k", "owner": "ann"}
    for number in (1, 2):
        register(message({**GOOD, **source}, f"ann-{number}"), jobs, READABLE, NOW)
    register(message({**GOOD, "order_key": "k"}, "nobody"), jobs, READABLE, NOW)
    rows = [jobs.get(job_id) for job_id in ("ann-1", "ann-2", "nobody")]
    assert [row and int(row["sequence"]) for row in rows] == [1, 2, 1]
    assert [row and row.get("owner") for row in rows] == ["ann", "ann", None]
    assert rows[0] is not None
    assert rows[0]["created_day"] == "2026-11-21"


def test_a_refused_job_is_still_its_owners(jobs: JobsTable) -> None:
    foreign = {**GOOD, "source": "s3://media/uploads/bob/a.mp4", "owner": "ann"}
    assert register(message(foreign), jobs, READABLE, NOW) is None
    row = jobs.get("m-1")
    assert row is not None
    assert (row["status"], row["error"]["name"], row["owner"]) == (
        "REJECTED",
        "SourceNotAllowed",
        "ann",
    )


def test_an_execution_is_not_told_the_webhooks_secret_and_still_finds_its_job(
    jobs: JobsTable,
) -> None:
    secret = "whsec_" + "s3cret00" * 5
    notify = {"webhook_url": "https://example.com/hook", "webhook_secret": secret}
    told = register(message({**GOOD, "notify": notify}), jobs, READABLE, NOW)
    assert told is not None
    assert told["notify"] == {"webhook_url": "https://example.com/hook"}
    row = jobs.get("m-1")
    assert row is not None
    assert secret in row["request"]
    assert parse_input(told).hash == row["request_hash"]
