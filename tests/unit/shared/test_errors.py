"""An error's message stays on its line, whatever a name in it holds."""

import pytest

from functions.shared import errors
from functions.shared.errors import ReelwrightError, SourceUnreachable

NAMED = [kind for kind in vars(errors).values() if isinstance(kind, type)]


@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.__name__)
def test_names_from_strangers_are_made_printable(kind: type[ReelwrightError]) -> None:
    message = str(kind("There is no object s3://b/a\nb\r\x1b[2J\u2028\x00é…€."))
    assert message == r"There is no object s3://b/a\nb\r\x1b[2J\u2028\x00é…€."
    assert message.isprintable()


def test_a_message_is_made_printable_once() -> None:
    once = SourceUnreachable("a\nb")
    assert str(SourceUnreachable(str(once))) == str(once)
