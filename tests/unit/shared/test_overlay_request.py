"""What a request may say of overlays, texts and captions."""

from typing import Any

import pytest

from functions.shared.errors import InvalidRequest
from functions.shared.job import parse_input
from functions.shared.request.overlay import filled
from tests.unit.conftest import GOOD

IMAGE = {"image": "s3://media/uploads/logo.png"}
WORDS = {"source": "s3://media/uploads/words.srt"}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"overlays": [{**IMAGE, "from_s": 2, "to_s": 2}]}, "to_s must be after from_s"),
        ({"overlays": [{**IMAGE, "to_s": 1, "fade_s": 0.6}]}, "fade_s has no room twice"),
        ({"overlays": [{**IMAGE, "image": "file:///etc/passwd"}]}, "not one of s3, https"),
        ({"overlays": [{**IMAGE, "image": "https://127.0.0.1/x"}]}, "not a public one"),
        ({"texts": [{"text": "{title}"}]}, r"edit: texts\.0 names \{title\}, props has none"),
        ({"texts": [{"text": "{a}"}], "props": {"b": 1}}, r"names \{a\}, props has b"),
        ({"texts": [{"text": "{a.b}"}]}, "braces hold a name of edit.props"),
        ({"texts": [{"text": "{a!r}"}], "props": {"a": 1}}, "braces hold a name"),
        ({"texts": [{"text": "{a:9999999}"}], "props": {"a": 1}}, "braces hold a name"),
        ({"texts": [{"text": "{}"}]}, "braces hold a name"),
        ({"texts": [{"text": "{"}]}, "a brace stands alone"),
        ({"texts": [{"text": "a\tb"}]}, "control character '.t'"),
        ({"texts": [{"text": "{a}"}], "props": {"a": "x\u2028y"}}, "props.a holds the control"),
        ({"texts": [{"text": "x", "color": "red"}]}, "texts.0.color"),
        ({"props": {"a b": 1}}, r"edit\.props"),
        ({"captions": [{**WORDS, "mode": "burn"}, {**WORDS, "mode": "both"}]}, "only one of the"),
        ({"captions": [WORDS, WORDS]}, "two tracks of captions have the same language"),
        ({"captions": [{**WORDS, "language": "English!"}]}, "captions.0.language"),
    ],
)
def test_what_is_refused(edit: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        parse_input({**GOOD, "edit": edit})


def test_a_burnt_and_a_switchable_track_may_have_one_language() -> None:
    edit = {"captions": [{**WORDS, "mode": "burn"}, WORDS, {**WORDS, "language": "en"}]}
    assert parse_input({**GOOD, "edit": edit}).edit is not None


@pytest.mark.parametrize(
    ("text", "props", "result"),
    [
        ("Hello {who}!", {"who": "you"}, "Hello you!"),
        ("{n} {x}", {"n": 3, "x": 1.5}, "3 1.5"),
        ("{{who}} {who}", {"who": "{x}"}, "{who} {x}"),
        ("%{{pts}} \\'", {}, "%{pts} \\'"),
    ],
)
def test_values_are_put_in_as_they_are(text: str, props: dict[str, Any], result: str) -> None:
    assert filled(text, props) == result
