"""What a picture's display matrix means."""

import math
import struct

import pytest

from functions.plan_render.source.pictures import orientation


def matrix(angle_deg: float, *, mirrored: bool = False, wide: float = 1, tall: float = 1) -> bytes:
    """Turns clockwise, then mirrors left to right; then scales."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    side = -wide if mirrored else wide
    steps = (side * cos, tall * sin, 0, -side * sin, tall * cos, 0, 0, 0)
    return struct.pack("=9i", *(round(65536 * step) for step in steps), 1 << 30)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turned_deg", [0, 90, 180, 270])
def test_quarters_are_followed_whatever_the_scale_and_a_degree_off(
    turned_deg: int, *, mirrored: bool
) -> None:
    told = (turned_deg, mirrored)
    assert orientation(matrix(turned_deg, mirrored=mirrored)) == told
    assert orientation(matrix(turned_deg + 0.9, mirrored=mirrored)) == told
    assert orientation(matrix(turned_deg - 0.9, mirrored=mirrored)) == told
    assert orientation(matrix(turned_deg, mirrored=mirrored, wide=2, tall=0.5)) == told


@pytest.mark.parametrize(
    "data",
    [
        *(matrix(angle_deg) for angle_deg in (2, 45, 135, -88, 300)),
        matrix(45, mirrored=True),
        bytes(36),
        matrix(0, wide=0),
        matrix(90)[:35],
        b"",
    ],
)
def test_what_is_no_quarter_leaves_pictures_as_they_are(data: bytes) -> None:
    assert orientation(data) == (0, False)
