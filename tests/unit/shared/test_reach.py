"""In a VPC without a way out, what is on the web is refused before anything starts."""

from typing import Any

import pytest

from functions.shared.admission import refusals
from functions.shared.job import parse_input
from functions.shared.reach import NO_WEB
from functions.shared.runtime import readable_buckets
from tests.unit.conftest import GOOD

OVERLAY = {"overlays": [{"image": "https://example.com/a.png"}]}


def refused(readable: tuple[str, ...], **more: Any) -> list[str]:
    request = parse_input({**GOOD, "source": "s3://media/uploads/a.mp4", **more})
    return [field for field, _ in refusals(request, readable)]


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({}, []),
        ({"source": "https://example.com/a.mp4"}, ["source"]),
        ({"edit": OVERLAY}, ["edit.overlays.0.image"]),
        ({"notify": {"webhook_url": "https://example.com/"}}, ["notify.webhook_url"]),
        ({"notify": {"metadata": {"a": "b"}}}, []),
    ],
)
def test_the_web_is_refused_field_by_field(more: dict[str, Any], fields: list[str]) -> None:
    assert refused(("media",), **more) == []
    assert refused(("media", NO_WEB), **more) == fields


def test_the_sentence_says_what_would_be_right() -> None:
    request = parse_input({**GOOD, "source": "https://example.com/a.mp4"})
    [(_, said)] = refusals(request, ("media", NO_WEB))
    assert said.startswith("the source is on the web, and this stack's functions have no way there")


@pytest.mark.parametrize(("way_out", "last"), [(None, "footage"), ("none", NO_WEB)])
def test_the_stage_tells_it(
    monkeypatch: pytest.MonkeyPatch, way_out: str | None, last: str
) -> None:
    monkeypatch.setenv("MEDIA_BUCKET", "media")
    monkeypatch.setenv("SOURCE_BUCKETS", "footage")
    if way_out:
        monkeypatch.setenv("WAY_OUT", way_out)
    assert readable_buckets()[0] == "media"
    assert readable_buckets()[-1] == last
