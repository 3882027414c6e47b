"""Pictures of every kind through the stack, and a picture in the width a page needs."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from functions.shared.images import image_size
from tests.integration.callers import Caller, problem, signed_in
from tests.integration.conftest import CLIP, Deployed
from tests.integration.test_api_jobs import ended

WANTED = {
    "random": {"count": 2, "seed": 3},
    "widths": [320],
    "format": "webp",
    "blurhash": True,
    "sprite": {"count": 6, "width": 64, "columns": 2, "rows": 2},
    "contact_sheet": {"columns": 2, "rows": 2, "width": 96},
    "poster": {"best_of": 3},
}


@pytest.fixture(scope="module")
def ann(stack: Deployed) -> Iterator[Caller]:
    with signed_in(stack) as caller:
        yield caller


@pytest.fixture(scope="module")
def job(ann: Caller) -> Any:
    """A complete job with pictures of every kind."""
    source = ann.upload(CLIP.read_bytes())
    job_id = ann.post({"source": source, "snapshots": WANTED}).json()["job_id"]
    made = ended(ann, job_id)
    assert made["status"] == "COMPLETE", made["error"]
    return made


def fetched(url: str, to: Path) -> tuple[str, int, int] | None:
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 200
    to.write_bytes(answer.content)
    return image_size(to)


def resized(caller: Caller, job: Any, name: str, width: int) -> requests.Response:
    return caller.call("GET", f"/jobs/{job['job_id']}/snapshots/{name}", params={"width": width})


def test_pictures_of_every_kind_are_whole(job: Any, tmp_path: Path) -> None:
    kinds = [one["kind"] for one in job["snapshots"]]
    assert kinds == [
        *("picture", "picture", "sprite", "sprite", "contact_sheet", "poster", "thumbnails"),
    ]
    assert job["progress"]["snapshots_done"] == job["progress"]["snapshots_total"] == 6
    for one in job["snapshots"]:
        assert (one["blurhash"] is not None) == (one["kind"] in {"picture", "poster"})
        if one["kind"] == "thumbnails":
            text = requests.get(one["url"], timeout=30).text
            assert text.startswith("WEBVTT\n\n00:00:00.000 --> ")
            assert text.count("sprite-001.webp#xywh=") == 2
        else:
            shape = ("webp", one["width"], one["height"])
            assert fetched(one["url"], tmp_path / "picture") == shape


def test_scene_changes_are_published_as_far_as_there_are_any(stack: Deployed, clip: str) -> None:
    wanted = {"scenes": {"most": 50}, "widths": [96]}
    made = stack.run({"source": clip, "snapshots": wanted}, 90)
    assert made["status"] == "COMPLETE", made.get("error")
    result = stack.client.result(made)
    assert 1 <= len(result["snapshots"]) < 50
    assert [note for note in result["notes"] if "scene changes" in note]


def test_a_snapshot_is_resized_once_however_often_it_is_asked_for(
    ann: Caller, job: Any, tmp_path: Path
) -> None:
    name = job["snapshots"][0]["key"].rsplit("/", 1)[1]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: resized(ann, job, name, 96), range(4)))

    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    pictures = [answer.json() for answer in answers]
    assert {(one["key"], one["size_bytes"]) for one in pictures} == {
        (f"jobs/{job['job_id']}/out/snapshots/resized/00000-320-to-96.webp", one["size_bytes"])
        for one in pictures[:1]
    }
    shape = ("webp", 96, pictures[0]["height"])
    assert fetched(pictures[0]["url"], tmp_path / "picture") == shape
    whole = resized(ann, job, name, 640).json()
    assert (whole["key"], whole["width"]) == (job["snapshots"][0]["key"], 320)


def test_only_the_jobs_own_pictures_and_few_widths(stack: Deployed, ann: Caller, job: Any) -> None:
    name = job["snapshots"][0]["key"].rsplit("/", 1)[1]
    problem(resized(ann, job, "00009-320.webp", 96), 404, "not-found")
    problem(resized(ann, job, name, 97), 400, "invalid-parameter")
    with signed_in(stack) as ben:
        problem(resized(ben, job, name, 96), 404, "not-found")
