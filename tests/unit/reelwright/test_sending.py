"""Jobs sent by the command line to a fake API: what is asked of it, and where files end up."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.reelwright.commands import CONTENT, ID, Run, is_one_line, rendering
from tests.unit.reelwright.fake_api import FakeApi, job, ok


def test_a_file_is_uploaded_rendered_and_fetched(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    ran = reelwright("render", "clip.mp4", "--height", "180", "-o", "out")
    assert ran.code == 0, ran.err
    assert Path("out/video.mp4").read_bytes() == CONTENT
    assert "is COMPLETE: 30.0 s of video in 10.0 s, 3.0×" in ran.out
    assert "out/video.mp4  320x180, 30.000 s, 5,000 bytes" in ran.out
    (sent,) = api.to("POST", "/jobs")
    assert sent.json == {
        "source": "s3://media/uploads/me/clip.mp4",
        "render": {
            "outputs": [{"name": "180p", "height": 180, "video": {"crf": 23, "preset": "medium"}}]
        },
    }


def test_every_option_of_a_job_is_sent(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    wanted = "--height 720 --height 360 --crf 20 --preset fast --name talk --snapshots 5 --no-wait"
    terms = "--order-key k --priority 7 --webhook https://example.org/hook --idempotency-key me-1"
    ran = reelwright("render", "https://example.org/a.mp4", *wanted.split(), *terms.split())
    assert (ran.code, ran.out) == (0, f"{ID}\n")
    (sent,) = api.asked
    assert sent.headers["Idempotency-Key"] == "me-1"
    video = {"crf": 20, "preset": "fast"}
    assert sent.json == {
        "source": "https://example.org/a.mp4",
        "render": {
            "outputs": [
                {"name": "talk-720p", "height": 720, "video": video},
                {"name": "talk-360p", "height": 360, "video": video},
            ]
        },
        "snapshots": {"count": 5},
        "order_key": "k",
        "priority": 7,
        "notify": {"webhook_url": "https://example.org/hook"},
    }


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--count 3 --width 160 --width 320", {"count": 3, "widths": [160, 320]}),
        ("--every 2.5 --png", {"every_s": 2.5, "format": "png"}),
        ("--at 1 --at 2.5", {"at_s": [1.0, 2.5]}),
    ],
)
def test_pictures_are_asked_for(
    api: FakeApi, reelwright: Run, words: str, wanted: dict[str, Any]
) -> None:
    rendering(api)
    ran = reelwright("snapshots", "s3://bucket/a.mp4", "--no-wait", *words.split())
    assert ran.code == 0, ran.err
    assert api.asked[0].json == {"source": "s3://bucket/a.mp4", "snapshots": wanted}


def test_json_is_one_document_and_all_there_is_on_standard_output(
    api: FakeApi, reelwright: Run
) -> None:
    rendering(api)
    ran = reelwright("render", "clip.mp4", "-o", "out", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["job_id"], ran.json["status"]) == (ID, "COMPLETE")
    assert ran.json["files"] == [{"path": "out/video.mp4", "key": f"jobs/{ID}/out/video.mp4"}]


@pytest.mark.parametrize(
    ("status", "code"), [("FAILED", 1), ("REJECTED", 1), ("CANCELLED", 5), ("COMPLETE", 0)]
)
def test_how_a_job_ended_is_the_exit_code(
    api: FakeApi, reelwright: Run, status: str, code: int
) -> None:
    rendering(api)
    error = {"name": "SourceNotMedia", "message": "It is no video.", "state": None, "chunk": None}
    ended = job(status, error=None if status == "COMPLETE" else error)
    api.on("GET", f"/jobs/{ID}", ok(ended))
    ran = reelwright("render", "clip.mp4", "--json")
    assert (ran.code, ran.json["status"]) == (code, status)
    assert ran.err == "" if code == 0 else is_one_line(ran.err)
    if code == 1:
        assert "SourceNotMedia: It is no video; see `reelwright logs" in ran.err


def test_a_folder_that_can_not_be_written_is_named(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    ran = reelwright("job", ID, "-o", "clip.mp4/out")
    assert ran.code == 7
    assert "clip.mp4/out/video.mp4 can't be written" in ran.err
    assert is_one_line(ran.err.splitlines(keepends=True)[-1])


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("upload", "Stopped before a job was sent."),
        ("download", f"fetch its files by `reelwright job {ID} -o OUT`"),
    ],
)
def test_ctrl_c_beside_the_job_says_where_things_are(
    api: FakeApi, reelwright: Run, monkeypatch: pytest.MonkeyPatch, at: str, said: str
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    rendering(api)
    monkeypatch.setattr(f"reelwright.client.Client.{at}", stopped)
    ran = reelwright("render", "clip.mp4", "--json")
    assert (ran.code, ran.out) == (130, "")
    assert said in ran.err
    assert len(api.to("POST", "/jobs")) == (at == "download")


def test_files_are_fetched_of_a_job_that_was_sent_before(api: FakeApi, reelwright: Run) -> None:
    rendering(api)
    assert reelwright("job", ID, "-o", "talk.mp4").code == 0
    assert Path("talk.mp4").read_bytes() == CONTENT
    api.on("GET", f"/jobs/{ID}", ok(job()))
    ran = reelwright("job", ID, "-o", "talk.mp4")
    assert ran.code == 6
    assert f"Job {ID} is RUNNING; to wait for its files: --watch" in ran.err
