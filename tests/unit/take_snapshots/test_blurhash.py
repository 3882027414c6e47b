"""Blurhashes are those that other implementations make."""

import pytest

from functions.take_snapshots.blurhash import blurhash

WHITE, RED, BLACK = b"\xff\xff\xff", b"\xff\0\0", b"\0\0\0"


@pytest.mark.parametrize(
    ("colour", "side", "parts", "expected"),
    [
        (WHITE, 1, (4, 4), "U~TSUA~q~q~q~q~q~q~q~q~q~q~q~q~q~q~q"),
        (WHITE, 4, (4, 3), "L~TSUA~qfQ~q~q%MfQ%MfQfQfQfQ"),
        (RED, 4, (4, 3), "L~TI:j|cfQ|c|c$5fQ$5fQfQfQfQ"),
        (BLACK, 8, (4, 3), "L00000fQfQfQfQfQfQfQfQfQfQfQ"),
        (WHITE, 5, (1, 1), "00TSUA"),
    ],
)
def test_published_values(colour: bytes, side: int, parts: tuple[int, int], expected: str) -> None:
    assert blurhash(colour * side * side, side, side, parts) == expected


def test_left_and_right_are_told_apart() -> None:
    left = (WHITE * 8 + BLACK * 8) * 9
    right = (BLACK * 8 + WHITE * 8) * 9
    hashes = {blurhash(left, 16, 9), blurhash(right, 16, 9), blurhash(left[::-1], 16, 9)}
    assert len(hashes) == 2
    assert all(len(one) == 28 for one in hashes)
