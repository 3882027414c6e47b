"""One picture in every size, with its blurhash."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from functions.shared.plan import Accuracy
from functions.take_snapshots.blurhash import blurhash
from functions.take_snapshots.coding import picture, raw
from functions.take_snapshots.shooting import Shoot, shoot

_HASHED_WIDTH = 32
_HASHED_HEIGHTS = (1, 64)


def take_picture(
    by: Shoot, frame: int, key: Callable[[int], str], *, accuracy: Accuracy, what: str
) -> None:
    """Take and keep it, unless it is there. `key` tells where a width goes."""
    sizes = by.wanted.sizes
    if by.is_made([key(width) for width, _ in sizes]):
        return
    with tempfile.TemporaryDirectory(prefix="snapshot-") as folder:
        pictures = [picture(by.coding, size, Path(folder) / f"{size[0]}.picture") for size in sizes]
        small = hashed_size(sizes[-1])
        hashed = raw(small, "rgb24", Path(folder) / "hashed.raw")
        extra = [hashed] if by.wanted.blurhash else []
        shown = shoot(by, frame, [*pictures, *extra], accuracy=accuracy, what=what)
        facts = {"frame": str(shown)}
        if by.wanted.blurhash:
            facts["blurhash"] = blurhash(hashed.file.read_bytes(), *small)
        by.keep({key(target.width): target.file for target in pictures}, facts)


def hashed_size(size: tuple[int, int]) -> tuple[int, int]:
    """A few samples are enough for four cosines."""
    least, most = _HASHED_HEIGHTS
    return _HASHED_WIDTH, max(least, min(most, round(_HASHED_WIDTH * size[1] / size[0])))
