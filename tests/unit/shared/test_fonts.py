"""Lines of text by the widths of letters."""

import pytest

from functions.shared.fonts import wrapped


class Even:
    """Letters that are all one wide."""

    def width(self, text: str) -> float:
        return len(text)


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("one two three", 13, ["one two three"]),
        ("one two three", 12, ["one two", "three"]),
        ("one two three", 5, ["one", "two", "three"]),
        ("one\n\ntwo three", 5, ["one", "", "two", "three"]),
        ("incomprehensible it is", 6, ["incomp", "rehens", "ible", "it is"]),
        ("abc", 0.5, ["a", "b", "c"]),
        ("", 5, [""]),
        ("  two  spaces ", 20, ["  two  spaces "]),
    ],
)
def test_lines_break_at_spaces_and_long_words_anywhere(
    text: str, most: float, lines: list[str]
) -> None:
    assert wrapped(text, Even(), most) == lines
