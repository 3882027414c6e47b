"""White in HDR is not the brightest signal."""

import pytest

from functions.shared.brightness import dimmed, dimmed_ass


@pytest.mark.parametrize(
    ("color", "expected"),
    [("#FFFFFF", "#808080"), ("#ff000040", "#80000040"), ("#000000FF", "#000000ff")],
)
def test_colours_are_scaled_and_alpha_stays(color: str, expected: str) -> None:
    assert dimmed(color, 0.5) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Style: A,Sans,20,&H40FFFFFF,&H000000FF,1", "Style: A,Sans,20,&H40808080,&H00000080,1"),
        (r"{\\c&HFF00FF&\\1a&H80&}x", r"{\\c&H800080&\\1a&H80&}x"),
        (r"{\\3c&HFF&}x", r"{\\3c&H000080&}x"),
        (r"{\\alpha&HFF&}100 &Hello", r"{\\alpha&HFF&}100 &Hello"),
    ],
)
def test_colours_in_captions_are_found(text: str, expected: str) -> None:
    assert dimmed_ass(text, 0.5) == expected
