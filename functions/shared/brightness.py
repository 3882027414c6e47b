"""Colours of overlays in pictures whose white is not the brightest signal.

In PQ (SMPTE ST 2084) full signal is 10,000 cd/m²; white as on paper, or as a logo has it, is 203 by
ITU-R BT.2408, which is 58 % of the signal. Colours are scaled as signals, so their hue stays.
"""

import re

PQ_WHITE = 0.58
_ASS_COLOR = re.compile(r"(\\[1-4]?c&H|&H(?=[0-9A-Fa-f]{8}\b))([0-9A-Fa-f]{1,8})")


def dimmed(color: str, white: float) -> str:
    """`#RRGGBB` or `#RRGGBBAA` with `white` for what is the brightest; alpha stays."""
    red, green, blue, *alpha = bytes.fromhex(color.removeprefix("#"))
    scaled = (round(part * white) for part in (red, green, blue))
    return f"#{bytes((*scaled, *alpha)).hex()}"


def dimmed_ass(text: str, white: float) -> str:
    """ASS captions with all their colours (`AABBGGRR`) so."""

    def scaled(found: re.Match[str]) -> str:
        value = bytes.fromhex(found[2].rjust(8, "0"))
        parts = (value[0], *(round(part * white) for part in value[1:]))
        return f"{found[1]}{bytes(parts).hex().upper()[8 - max(6, len(found[2])) :]}"

    return _ASS_COLOR.sub(scaled, text)
