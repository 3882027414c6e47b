"""From a request's overlays and captions to the plan's."""

from fractions import Fraction
from typing import Any

import pytest

from functions.plan_render.assets.bring_in import Brought, Captions
from functions.plan_render.assets.probing import CaptionFacts, ImageFacts
from functions.plan_render.overlays import caption_tracks, overlays
from functions.shared.errors import InvalidRequest
from functions.shared.job import parse_input
from functions.shared.plan import Asset
from functions.shared.request.edit import Edit
from tests.unit.conftest import GOOD


def edit(**fields: Any) -> Edit:
    wanted = parse_input({**GOOD, "edit": fields}).edit
    assert wanted is not None
    return wanted


def asset(key: str) -> Asset:
    return Asset(kind="image", field="f", bucket="media", key=key, etag="e", size_bytes=1)


def captions(name: str) -> Captions:
    kinds = ("vtt", "srt", "ass", "json")
    return Captions(
        CaptionFacts(format="srt", cues=1, end_ms=1),
        {kind: asset(f"{name}.{kind}") for kind in kinds},
    )


def test_each_overlay_has_its_own_picture() -> None:
    wanted = edit(overlays=[{"image": "s3://media/uploads/a"}, {"image": "s3://media/uploads/b"}])
    fields = ("edit.overlays.0.image", "edit.overlays.1.image")
    brought = Brought(
        assets={field: asset(field) for field in fields},
        images={
            field: ImageFacts(demuxer="png_pipe", width=width, height=9)
            for field, width in zip(fields, (40, 50), strict=True)
        },
    )
    laid = overlays(wanted, brought, Fraction(10))
    assert [(image.asset.key, image.width) for image in laid.images] == [
        ("edit.overlays.0.image", 40),
        ("edit.overlays.1.image", 50),
    ]
    assert laid.assets == tuple(asset(field) for field in fields)


def test_texts_have_their_values() -> None:
    wanted = edit(texts=[{"text": "{a} of {b}"}], props={"a": 1, "b": "two"})
    [text] = overlays(wanted, Brought(), Fraction(10)).texts
    assert text.text == "1 of two"


def test_captions_are_burnt_or_tracks_or_both() -> None:
    source = "s3://media/uploads/words"
    wanted = edit(
        captions=[
            {"source": source, "language": "en", "mode": "both", "label": "English"},
            {"source": source, "language": "de"},
        ]
    )
    brought = Brought(
        captions={f"edit.captions.{i}.source": captions(f"words-{i}") for i in range(2)}
    )
    burnt = overlays(wanted, brought, Fraction(10)).burnt
    assert burnt is not None
    assert (burnt.ass.key, burnt.cues.key) == ("words-0.ass", "words-0.json")
    tracks = caption_tracks(wanted, brought)
    assert [(track.language, track.label, track.vtt.key) for track in tracks] == [
        ("en", "English", "words-0.vtt"),
        ("de", None, "words-1.vtt"),
    ]


@pytest.mark.parametrize(("from_s", "refused"), [(9.99, False), (10, True), (11, True)])
def test_what_would_never_be_shown_is_refused(from_s: float, refused: bool) -> None:  # noqa: FBT001
    wanted = edit(texts=[{"text": "a"}, {"text": "b", "from_s": from_s}])
    if not refused:
        assert len(overlays(wanted, Brought(), Fraction(10)).texts) == 2
        return
    with pytest.raises(InvalidRequest, match=r"^edit\.texts\.1\.from_s: .* 10\.000 s long"):
        overlays(wanted, Brought(), Fraction(10))
