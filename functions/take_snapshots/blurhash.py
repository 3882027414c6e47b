"""Blurhash: a picture's coarsest shapes in 28 characters, which pages show until it is loaded.

The picture as a sum of cosines, in linear light; the numbers quantized and written in base 83.
Format: github.com/woltapp/blurhash, Algorithm.md.
"""

import math
from collections.abc import Sequence

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_STEPS = 9
"""Each side of zero, of a colour's share in a cosine."""
_MOST_SCALE = 82
_SCALE_PARTS = 166
_TOE_SRGB = 0.04045
_TOE_LINEAR = 0.0031308

Colour = tuple[float, float, float]
"""Red, green, blue; linear light, 0 to 1."""


def blurhash(pixels: bytes, width: int, height: int, parts: tuple[int, int] = (4, 3)) -> str:
    """Of rgb24 samples, row by row. `parts`: cosines across and down."""
    across, down = parts
    waves = [
        [[math.cos(math.pi * part * at / length) for at in range(length)] for part in range(count)]
        for count, length in ((across, width), (down, height))
    ]
    light = [_LINEAR[sample] for sample in pixels]
    factors = [
        _factor(light, waves[0][x], waves[1][y], 2 if x or y else 1)
        for y in range(down)
        for x in range(across)
    ]
    mean, others = factors[0], factors[1:]
    most = max((abs(share) for factor in others for share in factor), default=0)
    step = max(0, min(_MOST_SCALE, math.floor(most * _SCALE_PARTS - 0.5)))
    scale = (step + 1) / _SCALE_PARTS
    return "".join(
        [
            _base83(across - 1 + (down - 1) * 9, 1),
            _base83(step if others else 0, 1),
            _base83(_whole_number([_srgb(share) for share in mean], 256), 4),
            *(_base83(_whole_number(_quantized(factor, scale), 19), 2) for factor in others),
        ]
    )


def _factor(
    light: Sequence[float], across: Sequence[float], down: Sequence[float], norm: int
) -> Colour:
    red = green = blue = 0.0
    at = 0
    for tall in down:
        for wide in across:
            wave = wide * tall
            red += wave * light[at]
            green += wave * light[at + 1]
            blue += wave * light[at + 2]
            at += 3
    share = norm / (len(across) * len(down))
    return red * share, green * share, blue * share


def _quantized(factor: Colour, scale: float) -> list[int]:
    """By the root, as small shares are seen more."""
    return [
        max(0, min(2 * _STEPS, math.floor(_root(share / scale) * _STEPS + _STEPS + 0.5)))
        for share in factor
    ]


def _root(value: float) -> float:
    return math.copysign(math.sqrt(abs(value)), value)


def _whole_number(digits: Sequence[int], base: int) -> int:
    number = 0
    for digit in digits:
        number = number * base + digit
    return number


def _base83(number: int, length: int) -> str:
    return "".join(_DIGITS[number // 83**place % 83] for place in reversed(range(length)))


def _srgb(light: float) -> int:
    light = max(0.0, min(1.0, light))
    if light <= _TOE_LINEAR:
        return int(light * 12.92 * 255 + 0.5)
    return int((1.055 * light ** (1 / 2.4) - 0.055) * 255 + 0.5)


def _linear(sample: int) -> float:
    value = sample / 255
    return value / 12.92 if value <= _TOE_SRGB else float(((value + 0.055) / 1.055) ** 2.4)


_LINEAR = [_linear(sample) for sample in range(256)]
