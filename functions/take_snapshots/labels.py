"""Times as small pictures: under a contact sheet's tiles, without fonts."""

_GLYPHS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    ":": "00000 00100 00100 00000 00100 00100 00000",
}
_WIDTH, _HEIGHT = 5, 7
_PITCH = _WIDTH + 1
_PAPER, _INK = 0, 220


def clock(seconds: float) -> str:
    """`1:02:03`, or `02:03` under an hour."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute:02}:{second:02}"


def label(text: str, width: int, height: int) -> bytes:
    """Gray samples, row by row: the text in the middle, as large as it fits."""
    drawn = ["0".join(_GLYPHS[sign].split()[row] for sign in text) for row in range(_HEIGHT)]
    scale = max(1, min(width // (len(drawn[0]) + _PITCH), height // (_HEIGHT + 2)))
    left = max(0, (width - scale * len(drawn[0])) // 2)
    top = max(0, (height - scale * _HEIGHT) // 2)
    samples = bytearray([_PAPER]) * (width * height)
    for y, row in enumerate(drawn):
        for x, dot in enumerate(row):
            if dot == "1":
                _fill(samples, width, height, left + x * scale, top + y * scale, scale)
    return bytes(samples)


def _fill(samples: bytearray, width: int, height: int, left: int, top: int, side: int) -> None:
    right = min(width, left + side)
    for row in range(top, min(height, top + side)):
        samples[row * width + left : row * width + right] = bytes([_INK]) * max(0, right - left)
