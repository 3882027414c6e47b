"""What is shown of a job, and what never is."""

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.shared.cost import Buying, cost_of
from functions.shared.job_view import execution_url, summary, view
from functions.shared.progress import Progress
from functions.shared.stamps import stamp
from tests.unit.conftest import NOW

ARN = "arn:aws:states:eu-west-1:123456789012:execution:Render:one"
REQUEST = {
    "source": "https://example.com/a.mp4?signature=s3cret",
    "order_key": "k",
    "priority": 3,
    "snapshots": {"count": 1},
    "notify": {
        "webhook_url": "https://example.com/hook?token=s3cret",
        "webhook_secret": "whsec_" + "s3cret00" * 5,
        "metadata": {"title": "Mine"},
    },
}
HALF = Progress(
    chunks_done=5, chunks_total=8, snapshots_done=0, snapshots_total=2, duration_s=60.06
)
RESULT = {
    "outputs": [
        {
            "name": "video",
            "key": "jobs/a/out/video.mp4",
            "size_bytes": 10,
            "sha256": "0",
            "frames": 4,
            "duration_s": 0.2,
            "width": 160,
            "height": 90,
            "rate": "20",
            "audio": None,
        }
    ],
    "snapshots": [
        {
            "key": "jobs/a/out/snapshots/00000-320.jpg",
            "time_s": 0.0,
            "frame": 0,
            "width": 320,
            "height": 180,
            "size_bytes": 7,
        }
    ],
    "notes": ["No sound."],
}


def row(status: str, **more: Any) -> dict[str, Any]:
    return {
        "job_id": "a",
        "status": status,
        "created_at": stamp(NOW),
        "request": json.dumps(REQUEST),
        **more,
    }


def test_a_job_that_renders_tells_how_far_it_is_and_how_long_it_will_take() -> None:
    running = row("RUNNING", started_at=stamp(NOW), execution_arn=ARN, attempts=1)
    shown = view(running, HALF, None, NOW + timedelta(seconds=30))
    assert (shown.stage, shown.attempts, shown.priority) == ("rendering", 1, 3)
    assert shown.progress.fraction == pytest.approx(0.99 / 2)
    assert shown.eta_s == pytest.approx(30 * (1 - 0.495) / 0.495, abs=0.1)
    assert (shown.progress.chunks_done, shown.progress.chunks_total) == (5, 8)
    assert shown.duration_s == 60.06
    assert shown.execution_url == execution_url(ARN)


@pytest.mark.parametrize(
    ("status", "more", "progress", "stage"),
    [
        ("QUEUED", {}, Progress(), "queued"),
        ("WAITING", {}, Progress(), "waiting"),
        ("RUNNING", {}, Progress(), "planning"),
        ("RUNNING", {}, HALF, "rendering"),
        ("RUNNING", {"publishing": True}, HALF, "assembling"),
        ("RUNNING", {}, Progress(chunks_done=2, chunks_total=2), "assembling"),
        ("FAILED", {}, HALF, "ended"),
    ],
)
def test_the_stage_says_what_goes_on(
    status: str, more: dict[str, Any], progress: Progress, stage: str
) -> None:
    assert view(row(status, started_at=stamp(NOW), **more), progress, None, NOW).stage == stage


def test_all_parts_made_is_not_yet_complete() -> None:
    done = Progress(chunks_done=2, chunks_total=2)
    assert view(row("RUNNING", started_at=stamp(NOW)), done, None, NOW).progress.fraction < 1
    assert view(row("COMPLETE"), done, RESULT, NOW).progress.fraction == 1


def test_a_job_that_waits_or_has_just_begun_promises_no_time() -> None:
    early = Progress(chunks_done=1, chunks_total=100)
    assert view(row("WAITING"), Progress(), None, NOW).eta_s is None
    assert view(row("WAITING"), Progress(), None, NOW).duration_s is None
    assert view(row("RUNNING", started_at=stamp(NOW)), early, None, NOW).eta_s is None


def test_a_complete_job_shows_its_files_with_addresses_only_where_they_are_made() -> None:
    bare = view(row("COMPLETE"), HALF, RESULT, NOW)
    signed = view(row("COMPLETE"), HALF, RESULT, NOW, lambda key: f"https://x/{key}")
    assert [one.url for one in (*bare.outputs, *bare.snapshots)] == [None, None]
    assert signed.outputs[0].url == "https://x/jobs/a/out/video.mp4"
    assert signed.snapshots[0].url == "https://x/jobs/a/out/snapshots/00000-320.jpg"
    assert (signed.notes, signed.metadata) == (("No sound.",), {"title": "Mine"})


def test_a_job_that_has_ended_shows_what_it_cost() -> None:
    cost = cost_of([], Buying("STANDARD", 7), note="Not all.")
    ended = row("FAILED", cost=cost.as_item(), cost_usd=cost.usd)
    shown = json.loads(view(ended, HALF, None, NOW).model_dump_json())
    assert shown["cost_usd"] == shown["cost"]["usd"] == float(cost.usd) > 0
    assert shown["cost"]["items"].keys() == type(cost.items).model_fields.keys()
    assert shown["cost"]["note"] == "Not all."
    assert summary(ended).cost_usd == cost.usd
    assert (view(row("RUNNING", started_at=stamp(NOW)), HALF, None, NOW).cost) is None


def test_a_stream_is_shown_by_its_playlists_and_rungs() -> None:
    playlist = {"format": "dash", "key": "jobs/a/out/film/manifest.mpd", "size_bytes": 9}
    rung = {
        "name": "720p", "width": 1280, "height": 720, "codec": "avc1.64001f",
        "peak_kbps": 900, "mean_kbps": 700, "size_bytes": 5, "segments": 3,
    }  # fmt: skip
    film = {
        "name": "film", "playlists": [playlist], "rungs": [rung], "frames": 300,
        "duration_s": 10.0, "rate": "30", "audio": None,
    }  # fmt: skip
    [shown] = view(row("COMPLETE"), HALF, {**RESULT, "streams": [film]}, NOW).streams
    assert shown.playlists[0].key == playlist["key"]
    assert (shown.rungs[0].name, shown.rungs[0].mean_kbps) == ("720p", 700)


def test_no_address_and_no_secret_of_the_request_is_shown() -> None:
    shown = view(row("FAILED", error={"name": "E", "message": "m", "chunk": 3}), HALF, None, NOW)
    assert "s3cret" not in shown.model_dump_json() + summary(row("FAILED")).model_dump_json()
    assert shown.error is not None
    assert (shown.error.name, shown.error.chunk) == ("E", 3)


def test_a_rejected_row_may_hold_anything_as_its_request() -> None:
    refused = {**row("REJECTED"), "request": "not JSON: s3cret"}
    shown = view(refused, Progress(), None, NOW)
    assert (shown.order_key, shown.stage) == (None, "ended")
    assert "s3cret" not in shown.model_dump_json()


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "eu-west-1.console.amazonaws.cn"),
        ("aws-us-gov", "eu-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_an_execution_is_shown_by_the_console_of_its_partition(partition: str, host: str) -> None:
    arn = ARN.replace(":aws:", f":{partition}:")
    assert execution_url(arn).startswith(f"https://{host}/states/home?region=eu-west-1#/v2/")
    assert execution_url(arn).endswith(arn)
