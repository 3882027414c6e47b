"""A snapshot is given as it was taken or narrower, and only to who may see its job."""

from typing import Any

import pytest

from functions.shared.media_store import Keys
from tests.unit.assemble_render.jobs import JOB
from tests.unit.conftest import NOW, arn
from tests.unit.handle_api.conftest import ANN, BEN, Answer, Api
from tests.unit.handle_api.test_jobs import PICTURE, run

NAME = "00000-160.jpg"
LIST = {**PICTURE, "key": f"jobs/{JOB}/out/snapshots/sprite.vtt", "kind": "thumbnails"}
RESULT: dict[str, Any] = {"outputs": [], "snapshots": [PICTURE, LIST], "notes": []}


def get(api: Api, name: str = NAME, *, width: str | None = None, sub: str = ANN) -> Answer:
    query = {"width": width} if width is not None else None
    return api.call("GET", f"/jobs/{JOB}/snapshots/{name}", sub=sub, query=query)


@pytest.fixture
def complete(api: Api) -> Api:
    run(api)
    api.store.write_json(Keys(JOB).result, RESULT)
    assert api.jobs.complete(JOB, arn(JOB), Keys(JOB).result, NOW)
    return api


def test_a_narrower_one_is_made_by_its_function(complete: Api) -> None:
    answer = get(complete, width="64")

    key = f"jobs/{JOB}/out/snapshots/resized/00000-160-to-64.jpg"
    assert (answer.status, complete.lambdas.called) == (200, ["resize"])
    assert {**answer.json, "url": ""} == {
        "key": key,
        "width": 64,
        "height": 36,
        "size_bytes": 5,
        "url": "",
    }
    assert f"/{key}?" in answer.json["url"]
    assert "X-Amz-Expires=900" in answer.json["url"]


@pytest.mark.parametrize("width", [None, "160", "3840"])
def test_it_is_given_as_it_was_taken_where_that_is_not_wider(
    complete: Api, width: str | None
) -> None:
    answer = get(complete, width=width)

    assert (answer.status, answer.json["key"], answer.json["width"]) == (200, PICTURE["key"], 160)
    assert complete.lambdas.called == []


@pytest.mark.parametrize("width", ["65", "0", "-64", "64.0", "wide", ""])
def test_other_widths_are_not_made(complete: Api, width: str) -> None:
    answer = get(complete, width=width)

    assert (answer.status, answer.json["errors"][0]["path"]) == (400, "width")
    assert complete.lambdas.called == []


@pytest.mark.parametrize(
    "name", ["00001-160.jpg", "sprite.vtt", "..", "resized%2Fa.jpg", "a" * 500]
)
def test_only_pictures_of_the_job_are_there(complete: Api, name: str) -> None:
    answer = get(complete, name, width="64")

    assert answer.status == 404
    assert complete.lambdas.called == []


def test_another_owners_pictures_are_not_there(complete: Api) -> None:
    assert get(complete, sub=BEN).status == 404
    assert get(complete, sub=BEN).json == get(complete, sub=BEN).json
    assert complete.lambdas.called == []


def test_a_job_that_is_not_complete_has_no_pictures_yet(api: Api) -> None:
    run(api)

    answer = get(api, width="64")

    assert (answer.status, "is RUNNING" in answer.json["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("error", "status"), [("RenderTimedOut", 503), ("TransientError", 503), ("FfmpegFailed", 500)]
)
def test_a_function_that_fails(complete: Api, error: str, status: int) -> None:
    complete.lambdas.failing["resize"] = {"errorType": error, "errorMessage": "It did not work."}

    assert get(complete, width="64").status == status
